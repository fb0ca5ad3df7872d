/**
 * Comparisons of two methods on the same trained models, and their adjustment within a table.
 */
import { tCdf } from './distributions.ts';
import { type Interval, mean, standardDeviation, tInterval } from './intervals.ts';

/** Mean difference first - second over the trainings that both have. */
export interface Comparison {
  readonly n: number;
  /** null without a common training. */
  readonly difference: number | null;
  /** 95 % t interval of the difference; null with fewer than 3 common trainings. */
  readonly interval: Interval | null;
  /** Two-sided; null with fewer than 3 common trainings. */
  readonly p: number | null;
}

/**
 * The paired t test of two lists of values by training; null marks a training left out.
 *
 * Where all differences are equal but not zero the t statistic is infinite; p is then that of the sign
 * test, 2^(1 - n): all that n differences of one sign can say.
 */
export function pairedComparison(first: readonly (number | null)[], second: readonly (number | null)[]): Comparison {
  if (first.length !== second.length) {
    throw new RangeError(
      `[attribench] pairedComparison: got ${first.length} and ${second.length} values, expected the same trainings`,
    );
  }
  const differences: number[] = [];
  first.forEach((a, i) => {
    const b = second[i];
    if (a !== null && b !== null && b !== undefined) differences.push(a - b);
  });
  const n = differences.length;
  if (n === 0) return { n, difference: null, interval: null, p: null };
  const difference = mean(differences);
  const interval = tInterval(differences);
  return { n, difference, interval, p: n < 3 ? null : pairedP(differences, difference) };
}

function pairedP(differences: readonly number[], difference: number): number {
  const n = differences.length;
  const spread = standardDeviation(differences);
  if (spread === 0) return differences[0] === 0 ? 1 : 2 ** (1 - n);
  const t = (Math.abs(difference) / spread) * Math.sqrt(n);
  return 2 * tCdf(-t, n - 1);
}

/**
 * Holm's step-down adjustment (Scandinavian Journal of Statistics 6, 1979), in the order given.
 *
 * A null is a comparison that could not be made: it stays null and counts for nothing.
 */
export function holm(ps: readonly (number | null)[]): (number | null)[] {
  const made = ps.flatMap((p, at) => (p === null ? [] : [{ p, at }])).sort((a, b) => a.p - b.p);
  const adjusted: (number | null)[] = ps.map(() => null);
  let largest = 0;
  made.forEach(({ p, at }, rank) => {
    largest = Math.max(largest, Math.min(1, p * (made.length - rank)));
    adjusted[at] = largest;
  });
  return adjusted;
}
