import { expect, test } from 'vitest';
import { type Goal, goalsTable, judgement } from './goals.ts';
import { ratios, spread } from './spread.ts';

const goal = (sense: Goal['sense'], bound: number, values: readonly number[] | null, reach?: number): Goal => ({
  what: 'a step',
  sense,
  bound,
  measured: values === null ? null : spread(values),
  reach,
});

test.each([
  ['met', goal('at most', 1.2, [1, 1.1, 1.2])],
  ['**missed**', goal('at most', 0.9, [1, 1.1, 1.2])],
  ['met, not in every round', goal('at most', 1.1, [1, 1.1, 1.2])],
  ['**missed**, not in every round', goal('at most', 1.05, [1, 1.1, 1.2])],
  ['met', goal('at least', 1, [1, 1.1, 1.2])],
  ['**missed**', goal('at least', 1.5, [1, 1.1, 1.2])],
  ['not measured', goal('at least', 1.5, null)],
  ['**missed**, out of reach', goal('at most', 0.9, [1, 1.1, 1.2], 0.91)],
  ['**missed**, out of reach', goal('at least', 2, [1, 1.1, 1.2], 1.9)],
  ['**missed**', goal('at most', 0.9, [1, 1.1, 1.2], 0.89)],
  ['**missed**', goal('at least', 2, [1, 1.1, 1.2], 2)],
  ['**missed**, not in every round', goal('at most', 0.9, [0.89, 0.95, 1], 0.91)],
  // A limit that is measured too low does not unmake what was reached.
  ['met', goal('at least', 1, [1.1, 1.1, 1.2], 0.9)],
])('%s', (verdict, one) => {
  expect(judgement(one)).toBe(verdict);
});

test('the table has a line a goal, with the number, its range, n and the verdict', () => {
  const table = goalsTable([
    { part: 'training', goals: [goal('at most', 0.9, [1, 1.2, 1.1], 0.8), goal('at most', 1, null)] },
  ]);
  expect(table.split('\n').slice(2)).toEqual([
    '| training | a step | at most 0.9 | 1.1 (1 to 1.2) | 3 | 0.8 | **missed** |',
    '| training | a step | at most 1 |  |  |  | not measured |',
  ]);
});

test('a round is compared with itself', () => {
  expect(ratios([2, 9], [1, 3])).toEqual([2, 3]);
});
