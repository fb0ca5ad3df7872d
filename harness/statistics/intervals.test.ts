/** Reference values: scipy 1.17.1, by the call named beside each. */
import { expect, test } from 'vitest';
import { stream } from '../random.ts';
import { mean, standardDeviation, tInterval, wilson } from './intervals.ts';

const THREE = [0.381, 0.342, 0.26];
const FIVE = [0.379, 0.401, 0.333, 0.412, 0.35];

function expectInterval(got: readonly [number, number] | null, low: number, high: number): void {
  expect(got?.[0]).toBeCloseTo(low, 10);
  expect(got?.[1]).toBeCloseTo(high, 10);
}

test('the t interval equals scipy.stats.t.interval(level, n - 1, loc=mean, scale=sem)', () => {
  expectInterval(tInterval(THREE), 0.17424560294977426, 0.4810877303835592);
  expectInterval(tInterval(FIVE), 0.3335853401386135, 0.4164146598613865);
  expectInterval(tInterval(FIVE, 0.9), 0.34320044834777375, 0.40679955165222625);
});

test('fewer than three values give no interval', () => {
  expect(tInterval([])).toBeNull();
  expect(tInterval([0.1, 0.2])).toBeNull();
});

test('equal values give exactly no width, also where their mean is rounded', () => {
  expect(mean([0.1, 0.1, 0.1])).not.toBe(0.1);
  expect(standardDeviation([0.1, 0.1, 0.1])).toBe(0);
  expect(tInterval([0.1, 0.1, 0.1])).toEqual([0.1, 0.1]);
});

test('the Wilson interval equals scipy.stats.binomtest(k, n).proportion_ci(0.95, "wilson")', () => {
  expectInterval(wilson(425, 425), 0.9910422401060335, 1);
  expectInterval(wilson(0, 425), 0, 0.00895775989396656);
  expectInterval(wilson(424, 425), 0.9867939846312375, 0.9995845272860617);
  expectInterval(wilson(3, 7), 0.1582198552514697, 0.7495416354723428);
  expect(wilson(0, 10)[0]).toBe(0);
  expect(wilson(10, 10)[1]).toBe(1);
});

test('wilson refuses what is no proportion', () => {
  expect(() => wilson(3, 2)).toThrow('expected 0 to n');
  expect(() => wilson(0, 0)).toThrow('expected 0 to n');
});

// Over 4000 simulated runs the standard error of a coverage of 95 % is 0.34 %: the bounds are 4 of them.
test.each([3, 5])('the t interval of %i normal values covers the truth in 95 % of runs', (n) => {
  const random = stream('coverage of t', n);
  let covered = 0;
  for (let run = 0; run < 4000; run++) {
    const values = Array.from({ length: n }, () => 0.376 + 0.032 * random.normal());
    const [low, high] = tInterval(values) ?? [Number.NaN, Number.NaN];
    if (low <= 0.376 && 0.376 <= high) covered++;
  }
  expect(covered / 4000).toBeGreaterThan(0.936);
  expect(covered / 4000).toBeLessThan(0.964);
});
