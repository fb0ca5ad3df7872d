import { expect, test } from 'vitest';
import { readArguments } from './arguments.ts';
import type { Part } from './part.ts';
import { PARTS } from './parts/index.ts';

const part = (id: string, more: Partial<Part<unknown>> = {}): Part<unknown> => ({
  id,
  title: id,
  about: '',
  async *measure() {},
  line: () => '',
  markdown: () => '',
  ...more,
});
const methods = part('methods', { rounds: 15, narrowedBy: { method: ['lime', 'rise'], network: ['mlp'] } });
const grid = part('grid', { narrowedBy: { network: ['resnet'] } });
const known = [grid, methods, part('memory')];
const read = (...args: string[]) => readArguments(args, known, 'results');

test('without arguments all parts are written to the report, at the rounds of each', () => {
  const asked = read();
  expect(asked.parts).toEqual(known);
  expect(asked).toMatchObject({ clock: 'wall', resume: false, folder: 'results' });
  expect(asked).not.toHaveProperty('methods');
  expect(asked).not.toHaveProperty('networks');
  expect(known.map((one) => asked.roundsOf(one))).toEqual([5, 15, 5]);
});

test('parts, rounds, the clock and the folder are those asked for', () => {
  const asked = read('methods', 'grid', '--rounds', '3', '--clock', 'processor', '--resume', '--out', 'elsewhere');
  expect(asked.parts).toEqual([methods, grid]);
  expect(asked).toMatchObject({ clock: 'processor', resume: true, folder: 'elsewhere' });
  expect(asked.roundsOf(methods)).toBe(3);
});

test('a narrowed report replaces no whole one', () => {
  expect(read('methods', '--method', 'rise')).not.toHaveProperty('folder');
  expect(read('grid', '--network', 'resnet')).not.toHaveProperty('folder');
  expect(read('methods', '--method', 'rise', '--method', 'lime', '--network', 'mlp', '--out', 'here')).toMatchObject({
    methods: ['rise', 'lime'],
    networks: ['mlp'],
    folder: 'here',
  });
});

test.each([
  [['methodes'], '[attribench] part "methodes" is unknown, expected: grid, methods, memory'],
  [['methods', '--method', 'shap'], '[attribench] method "shap" is unknown, expected: lime, rise'],
  [['methods', '--method', 'rise', '--method', 'shap'], '[attribench] method "shap" is unknown, expected: lime, rise'],
  [['methods', '--network', 'resnet'], '[attribench] network "resnet" is unknown, expected: mlp'],
  [['memory', '--method', 'rise'], '[attribench] method "rise" is unknown, expected: none'],
  [['--network', 'vgg'], '[attribench] network "vgg" is unknown, expected: resnet, mlp'],
  [['--rounds', '0'], '[attribench] --rounds is "0", expected an integer from 1'],
  [['--rounds', '2.5'], '[attribench] --rounds is "2.5", expected an integer from 1'],
  [['--clock', 'sun'], '[attribench] --clock is "sun", expected "wall" or "processor"'],
])('%j is refused in a sentence', (args, sentence) => {
  expect(() => read(...args)).toThrow(expect.objectContaining({ name: 'UsageError', message: sentence }));
});

test.each([
  [['--engine', 'wasm'], '--engine'],
  [['--out'], '--out'],
] as const)('Node.js names an option that is unknown or lacks its value: %j', (args, option) => {
  const sentence = expect.stringMatching(new RegExp(`^\\[attribench\\] .*${option}`));
  expect(() => read(...args)).toThrow(expect.objectContaining({ name: 'UsageError', message: sentence }));
});

test('the real parts can be narrowed to what they time', () => {
  const asked = readArguments(['methods', 'training', '--method', 'kernel-shap', '--network', 'resnet-18'], PARTS, '');
  expect(asked.parts.map(({ id }) => id)).toEqual(['methods', 'training']);
});
