import { expect, test } from 'vitest';
import type { Step } from '../contracts.ts';
import { estimate } from './plan.ts';

function step(key: string, cost: number, ...inputs: string[]): Step {
  return {
    kind: 'training',
    plugins: {},
    parameters: {},
    inputs: Object.fromEntries(inputs.map((input) => [input, { kind: 'training' as const, key: input }])),
    stream: [],
    engine: null,
    key,
    label: key,
    cost,
  };
}

const chain = [step('a', 10), step('b', 20, 'a'), step('c', 2, 'a'), step('d', 2)];

test('the work is shared by the workers, but a chain takes its whole length', () => {
  expect(estimate(chain, 1)).toBe(34);
  expect(estimate(chain, 2)).toBe(30);
  expect(estimate(chain, 100)).toBe(30);
});

test('what is stored takes no time', () => {
  expect(estimate(chain.slice(1), 2)).toBe(20);
  expect(estimate([], 2)).toBe(0);
  expect(estimate([], 2)).toBe(0);
});
