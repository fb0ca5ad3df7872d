import { expect, test } from 'vitest';
import { stream } from '../random.ts';
import { holm, pairedComparison } from './comparisons.ts';

const FIRST = [0.379, 0.401, 0.333, 0.412, 0.35];
const SECOND = [0.36, 0.39, 0.335, 0.38, 0.34];

test('the paired comparison equals scipy 1.17.1, scipy.stats.ttest_rel(first, second)', () => {
  const { n, difference, interval, p } = pairedComparison(FIRST, SECOND);
  expect(n).toBe(5);
  expect(difference).toBeCloseTo(0.014, 12);
  expect(p).toBeCloseTo(0.067164731123866, 10);
  expect(interval?.[0]).toBeCloseTo(-0.0015827595052535191, 10);
  expect(interval?.[1]).toBeCloseTo(0.0295827595052535, 10);
});

test('the order of the two methods turns the sign alone', () => {
  const forth = pairedComparison(FIRST, SECOND);
  const back = pairedComparison(SECOND, FIRST);
  expect(back.difference).toBeCloseTo(-(forth.difference ?? Number.NaN), 15);
  expect(back.p).toBeCloseTo(forth.p ?? Number.NaN, 15);
});

test('a training that one of the two lacks is left out of both', () => {
  const some = pairedComparison([0.9, ...FIRST, null], [null, ...SECOND, 0.1]);
  expect(some).toEqual(pairedComparison(FIRST, SECOND));
});

test('too few common trainings give a difference without interval or p', () => {
  expect(pairedComparison([0.4, 0.5, null], [0.1, 0.4, 0.2])).toEqual({
    n: 2,
    difference: expect.closeTo(0.2, 12),
    interval: null,
    p: null,
  });
  expect(pairedComparison([null], [1])).toEqual({ n: 0, difference: null, interval: null, p: null });
});

test('equal differences never claim more than their signs', () => {
  expect(pairedComparison([1, 1, 1, 1, 1], [0, 0, 0, 0, 0]).p).toBe(1 / 16);
  expect(pairedComparison([1, 1, 1], [1, 1, 1]).p).toBe(1);
});

test('lists of different trainings are refused', () => {
  expect(() => pairedComparison([1], [1, 2])).toThrow('the same trainings');
});

test('under no difference p is uniform: at most 5 % below .05', () => {
  const random = stream('level of the paired test');
  let rejected = 0;
  for (let run = 0; run < 4000; run++) {
    const draw = () => Array.from({ length: 5 }, () => random.normal());
    if ((pairedComparison(draw(), draw()).p ?? 1) < 0.05) rejected++;
  }
  expect(rejected / 4000).toBeGreaterThan(0.036);
  expect(rejected / 4000).toBeLessThan(0.064);
});

/** Adjusted p by definition: the largest, over all hypotheses at most as large, of p times those left. */
function slowHolm(ps: readonly number[]): number[] {
  return ps.map((p) =>
    Math.min(1, Math.max(...ps.filter((q) => q <= p).map((q) => q * ps.filter((r) => r >= q).length))),
  );
}

test('holm equals its definition, and its worked example', () => {
  const worked = holm([0.01, 0.04, 0.03, 0.005]);
  [0.03, 0.06, 0.06, 0.02].forEach((p, i) => {
    expect(worked[i]).toBeCloseTo(p, 12);
  });
  const random = stream('holm');
  for (let run = 0; run < 50; run++) {
    const ps = Array.from({ length: 7 }, () => random.uniform());
    const slow = slowHolm(ps);
    holm(ps).forEach((p, i) => {
      expect(p).toBeCloseTo(slow[i] ?? Number.NaN, 12);
    });
  }
});

test('holm keeps order and leaves out comparisons that were not made', () => {
  expect(holm([0.02, null, 0.01])).toEqual([0.02, null, 0.02]);
  expect(holm([])).toEqual([]);
});
