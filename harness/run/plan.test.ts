import { expect, it } from 'vitest';
import type { Step } from '../contracts.ts';
import { missingSteps, type RunPlan, reachable } from './plan.ts';

const step = (key: string, ...inputs: string[]) =>
  ({
    key,
    inputs: Object.fromEntries(inputs.map((input) => [input, { kind: 'dataset', key: input }])),
  }) as unknown as Step;

// data -> weights -> maps -> leak; data and weights also -> zeroing.
const steps = [
  step('data'),
  step('weights', 'data'),
  step('maps', 'data', 'weights'),
  step('leak', 'maps', 'data'),
  step('zeroing', 'weights', 'data'),
];
const named = (key: string) => steps.filter((candidate) => candidate.key === key);
const plan = {
  steps,
  cells: [{ evaluations: named('leak') }, { evaluations: named('zeroing') }],
} as unknown as RunPlan;
const missing = (...stored: string[]) => missingSteps(plan, new Set(stored)).map(({ key }) => key);

it('computes everything once, inputs first', () => {
  expect(missing()).toEqual(['data', 'weights', 'maps', 'leak', 'zeroing']);
});

it('needs nothing of what a stored step was made from', () => {
  expect(missing('leak', 'zeroing')).toEqual([]);
  expect(missing('leak')).toEqual(['data', 'weights', 'zeroing']);
  expect(missing('maps', 'zeroing')).toEqual(['data', 'leak']);
  expect(missing('data', 'weights')).toEqual(['maps', 'leak', 'zeroing']);
});

it('reaches what a step rests on', () => {
  const byKey = new Map(steps.map((one) => [one.key, one]));
  expect(reachable(named('zeroing'), byKey).map(({ key }) => key)).toEqual(['data', 'weights', 'zeroing']);
});
