/** How stacks are formed of a plan's retrainings, and what becomes of the keys. */
import { describe, expect, it } from 'vitest';
import type { Step, StepAddress } from '../contracts.ts';
import { RETRAINING } from '../training/retrain.ts';
import { networksOf, type StackGroup, stackGroups, stackSteps } from './stacks.ts';
import { addressOf, makeStep } from './step.ts';

const engine = { name: 'wasm', version: '1' };
const plugin = (kind: 'model' | 'check' | 'method', id: string, code = 'old') =>
  ({ kind, id, revision: 1, module: `file:///${id}`, export: 'default', code }) as const;

const data = makeStep({
  kind: 'dataset',
  plugins: {},
  parameters: {},
  inputs: {},
  stream: [],
  engine: null,
  label: 'dataset',
  cost: 1,
});
const maps = (method: string) =>
  makeStep({
    kind: 'attribution',
    plugins: { method: plugin('method', method) },
    parameters: {},
    inputs: { data: addressOf(data) },
    stream: [method],
    engine,
    label: `maps of ${method}`,
    cost: 1,
  });

function retraining(
  from: Step,
  level: number,
  more: { input?: string; model?: string; code?: string; settings?: object } = {},
): Step {
  const { input = 'image', model = 'mlp', code = 'old', settings = {} } = more;
  return makeStep({
    kind: 'retraining',
    plugins: { model: plugin('model', model, code) },
    parameters: {
      model: { width: 8 },
      step: {
        level,
        side: 'top',
        ranking: 'image',
        removal: 'zero',
        input,
        ties: ['t'],
        descent: { ...RETRAINING, ...settings },
      },
    },
    inputs: { data: addressOf(data), train: addressOf(from), test: addressOf(from) },
    stream: ['retraining', level],
    engine,
    label: `retraining ${model} on digits, ${input}: top ${level}`,
    cost: 6,
  });
}

function evaluation(inputs: readonly Step[], name = 'curve'): Step {
  return makeStep({
    kind: 'evaluation',
    plugins: { check: plugin('check', 'diffroar') },
    parameters: { step: { evaluation: name } },
    inputs: Object.fromEntries(inputs.map((step, i) => [`input ${i}`, addressOf(step)])),
    stream: [],
    engine,
    label: name,
    cost: 1,
  });
}

const [a, b] = [maps('a'), maps('b')];
const levels = [0.1, 0.2, 0.3, 0.4, 0.5];
const ofA = levels.map((level) => retraining(a, level));
const ofB = levels.slice(0, 2).map((level) => retraining(b, level));
const [curveA, curveB] = [evaluation(ofA), evaluation(ofB)];
const above = evaluation([curveA, data], 'summary');
const plan = [data, a, ...ofA, curveA, b, ...ofB, curveB, above];

const sized = (steps: readonly Step[], size: number) =>
  stackSteps(
    steps,
    new Map<StackGroup, { size: number; gain: number }>(stackGroups(steps).map((group) => [group, { size, gain: 2 }])),
  );

describe('groups', () => {
  it('hold retrainings whose networks have one shape, whatever maps they read', () => {
    expect(stackGroups(plan).map(({ steps }) => steps)).toEqual([[...ofA, ...ofB]]);
  });

  it.each([
    ['model', { model: 'linear' }],
    ["model's code", { code: 'new' }],
    ['number of channels', { input: 'image+mask' }],
    ['batch size', { settings: { batchSize: 8 } }],
  ])('tell another %s apart', (_, more) => {
    expect(stackGroups([...ofA, retraining(a, 0.1, more)])).toHaveLength(2);
  });

  it('take images with masks and masks alone for one shape', () => {
    const both = [retraining(a, 0.1, { input: 'image+mask' }), retraining(a, 0.1, { input: 'mask' })];
    expect(stackGroups(both)).toMatchObject([{ steps: both }]);
  });
});

describe('stacks', () => {
  it('of one leave every step as it is', () => {
    const { steps, now } = sized(plan, 1);
    expect(steps).toEqual(plan);
    for (const [i, step] of steps.entries()) expect(step).toBe(plan[i]);
    expect(now(curveA)).toBe(curveA);
  });

  it('hold what reads the same maps, as equally as can be, and inputs stay first', () => {
    const { steps } = sized(plan, 4);
    const stacks = steps.filter(({ kind }) => kind === 'stacked-retraining');
    expect(stacks.map(networksOf)).toEqual([3, 2, 2]);
    expect(steps.filter(({ kind }) => kind === 'retraining')).toEqual([]);
    const seen = new Set<string>();
    for (const { inputs, key } of steps) {
      for (const input of Object.values(inputs)) expect(seen).toContain(input.key);
      seen.add(key);
    }
    expect(stacks[0]?.inputs).toEqual(ofA[0]?.inputs);
    expect(stacks[0]).toMatchObject({ engine, stream: [], cost: 9, plugins: { model: { id: 'mlp' } } });
    expect(stacks[0]?.label).toBe(
      'stacked retraining of 3 mlp, images: retraining mlp on digits, image: top 0.1 and 2 more',
    );
  });

  it('leave one that remains a step of its own', () => {
    const kinds = (steps: readonly Step[]) =>
      stackSteps(steps, new Map(stackGroups(steps).map((group) => [group, { size: 2, gain: 1 }]))).steps.map(
        ({ kind }) => kind,
      );
    const three = ofA.slice(0, 3);
    expect(kinds([data, a, ...three]).sort()).toEqual(['attribution', 'dataset', 'retraining', 'stacked-retraining']);
  });

  it('give each member what it alone has, and its stream, under its place', () => {
    const { steps, now } = sized(plan, 4);
    const [first, second] = steps.filter(({ kind }) => kind === 'stacked-retraining');
    const members = first?.parameters.step?.members as readonly { level: number; stream: unknown }[];
    expect(members.map(({ level, stream }) => [level, stream])).toEqual(
      ofA.slice(0, 3).map(({ stream }, i) => [levels[i], stream]),
    );
    const read = Object.values(now(curveA).inputs);
    const address = (step: Step | undefined, place: number): StepAddress => ({ ...addressOf(step as Step), place });
    expect(read).toEqual([
      address(first, 0),
      address(first, 1),
      address(first, 2),
      address(second, 0),
      address(second, 1),
    ]);
  });

  it('have other keys than retrainings, and so has all that reads them', () => {
    const { steps, now } = sized(plan, 4);
    const old = new Set(plan.map(({ key }) => key));
    const kept = steps.filter(({ key }) => old.has(key));
    expect(kept).toEqual([data, a, b]);
    expect(now(curveA).key).not.toBe(curveA.key);
    expect(now(above).inputs['input 0']).toEqual(addressOf(now(curveA)));
    expect(now(above).inputs['input 1']).toEqual(addressOf(data));
  });

  it('are told apart by size, members and their order', () => {
    const keys = [
      sized(plan, 5),
      sized(plan, 4),
      sized([data, a, ...[...ofA].reverse()], 5),
      sized([data, a, ...ofA.slice(1), retraining(a, 0.6)], 5),
    ].map(({ steps }) => steps.find(({ kind }) => kind === 'stacked-retraining')?.key);
    expect(new Set(keys).size).toBe(4);
    expect(sized(plan, 5).steps.map(({ key }) => key)).toEqual(sized(plan, 5).steps.map(({ key }) => key));
  });

  it('of a method are the same in a plan without the others', () => {
    const keys = (steps: readonly Step[]) => sized(steps, 4).steps.map(({ key }) => key);
    expect(keys(plan)).toEqual(expect.arrayContaining(keys([data, b, ...ofB, curveB])));
  });
});

it('networks are counted by step', () => {
  expect([data, a, ofA[0] as Step, curveA].map(networksOf)).toEqual([0, 0, 1, 0]);
});
