/**
 * Confidence intervals from a handful of replicates, and for a proportion.
 */
import { normalQuantile, tQuantile } from './distributions.ts';

export type Interval = readonly [low: number, high: number];

/** Arithmetic mean; NaN for no values. */
export function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] as number;
  return sum / values.length;
}

/** Sample standard deviation (divisor n - 1); exactly 0 for equal values, NaN for fewer than two. */
export function standardDeviation(values: readonly number[]): number {
  if (values.length < 2) return Number.NaN;
  // The mean of equal values may differ from them in the last bit: no spread must read as none.
  if (values.every((value) => value === values[0])) return 0;
  const centre = mean(values);
  const squares = values.reduce((sum, value) => sum + (value - centre) ** 2, 0);
  return Math.sqrt(squares / (values.length - 1));
}

/**
 * Student's t interval of the mean, or null with fewer than 3 values (at two the quantile is 12.7).
 *
 * Assumes independent values that are roughly normal. Equal values give an interval of no width.
 */
export function tInterval(values: readonly number[], level = 0.95): Interval | null {
  if (values.length < 3) return null;
  const spread = standardDeviation(values);
  const centre = spread === 0 ? (values[0] as number) : mean(values);
  const half = (tQuantile((1 + level) / 2, values.length - 1) * spread) / Math.sqrt(values.length);
  return [centre - half, centre + half];
}

/** Wilson's score interval of a proportion (JASA 22, 1927): keeps its coverage at 0 and at n of n. */
export function wilson(successes: number, n: number, level = 0.95): Interval {
  if (!(Number.isInteger(n) && n > 0 && successes >= 0 && successes <= n)) {
    throw new RangeError(`[attribench] wilson: got ${successes} of ${n}, expected 0 to n of n > 0`);
  }
  const z = normalQuantile((1 + level) / 2);
  const share = successes / n;
  const centre = (share + z ** 2 / (2 * n)) / (1 + z ** 2 / n);
  const half = (z / (1 + z ** 2 / n)) * Math.sqrt((share * (1 - share)) / n + z ** 2 / (4 * n ** 2));
  // At the ends the formula gives 0 and 1 but for rounding.
  return [successes === 0 ? 0 : centre - half, successes === n ? 1 : centre + half];
}
