import { expect, test } from 'vitest';
import { costs } from './costs.ts';

const SIZES = [
  { size: 10, units: 1 },
  { size: 20, units: 2 },
];

test('a cost in proportion to the units does not grow', () => {
  const [small, large] = costs(SIZES, [
    [1, 3, 2],
    [2, 6, 4],
  ]);
  expect(small).toMatchObject({ size: 10, seconds: { median: 2 }, perUnit: { median: 2 }, growth: { median: 1 } });
  expect(large).toMatchObject({ size: 20, seconds: { median: 4 }, perUnit: { median: 2 } });
  expect(large?.growth).toEqual({ median: 1, low: 1, high: 1, n: 3 });
});

test('growth compares runs of the same round', () => {
  const [, large] = costs(SIZES, [
    [1, 10],
    [4, 30],
  ]);
  expect(large?.growth).toEqual({ median: 1.75, low: 1.5, high: 2, n: 2 });
});
