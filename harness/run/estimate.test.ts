import { expect, test } from 'vitest';
import type { Step } from '../contracts.ts';
import { timingName } from '../steps/timings.ts';
import { rateName, ratesOf, runSeconds, secondsOf } from './estimate.ts';

function step(key: string, cost: number, ...inputs: string[]): Step {
  return {
    kind: 'retraining',
    plugins: {},
    parameters: {},
    inputs: Object.fromEntries(inputs.map((input) => [input, { kind: 'training' as const, key: input }])),
    stream: [],
    engine: { name: 'wasm', version: '1' },
    key,
    label: key,
    cost,
  };
}

const chain = [step('a', 10), step('b', 20, 'a'), step('c', 2, 'a'), step('d', 2)];
const costs = new Map(chain.map(({ key, cost }) => [key, cost]));

test('the work is shared by the workers, but a chain takes its whole length', () => {
  expect(runSeconds(chain, costs, 1)).toBe(34);
  expect(runSeconds(chain, costs, 2)).toBe(30);
  expect(runSeconds(chain, costs, 100)).toBe(30);
});

test('what is stored takes no time', () => {
  expect(runSeconds(chain.slice(1), costs, 2)).toBe(20);
  expect(runSeconds([], costs, 2)).toBe(0);
});

test('a step takes what it took before, else its arithmetic at the known rate, else its guess', () => {
  const [known, arithmetic, guessed] = [step('known', 1), step('arithmetic', 1), step('guessed', 1)];
  const work = new Map([known, arithmetic].map(({ key }) => [key, { flop: 6e9, bytes: null }]));
  const all = [known, arithmetic, guessed];
  const timings = { [timingName(known)]: 7 };
  const seconds = (matmul: number | null, more = {}) => [
    ...secondsOf(all, work, { ...timings, ...more }, matmul).values(),
  ];
  expect(seconds(null)).toEqual([7, 1, 1]);
  expect(seconds(null, { [rateName('wasm')]: 2e9 })).toEqual([7, 3, 1]);
  expect(seconds(1e9)[1]).toBeCloseTo(6 / 0.7, 12);
  // What trainings reached here goes before what they may reach of the multiplication's rate.
  expect(seconds(1e9, { [rateName('wasm')]: 2e9 })[1]).toBe(3);
});

test('the rate is all arithmetic over all time, by engine, of retrainings alone', () => {
  const [a, b] = [step('a', 1), step('b', 1)];
  const other: Step = { ...step('c', 1), engine: { name: 'cpu', version: '1' } };
  const early: Step = { ...step('d', 1), kind: 'training' };
  const work = new Map([a, b, other, early].map(({ key }) => [key, { flop: 6e9, bytes: null }]));
  const computed = [
    { step: a, seconds: 1 },
    { step: b, seconds: 5 },
    { step: other, seconds: 60 },
    { step: early, seconds: 0.1 },
  ];
  expect(ratesOf(computed, work)).toEqual({ [rateName('wasm')]: 2e9, [rateName('cpu')]: 1e8 });
  expect(ratesOf([{ step: step('unknown', 1), seconds: 1 }], work)).toEqual({});
});
