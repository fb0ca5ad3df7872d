/** Numbers over rounds: median, range and ratios. */
import { median, quantileSorted } from 'simple-statistics';

/** A number with its spread over rounds. */
export interface Spread {
  readonly median: number;
  readonly low: number;
  readonly high: number;
  readonly n: number;
}

/** Median and range; of many values the range from the 5 % to the 95 % quantile. */
export function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  return {
    median: median(sorted),
    low: quantileSorted(sorted, values.length < 20 ? 0 : 0.05),
    high: quantileSorted(sorted, values.length < 20 ? 1 : 0.95),
    n: values.length,
  };
}

/** Round by round a / b. */
export function ratios(a: readonly number[], b: readonly number[]): number[] {
  return a.map((value, round) => value / (b[round] as number));
}
