/** The cost of a unit of work at several sizes, and how it grows with the size: pure functions. */
import { ratios, type Spread, spread } from '../../spread.ts';

/** What one size takes. */
export interface Cost {
  /** As shown: images, retrainings, units of width. */
  readonly size: number;
  readonly seconds: Spread;
  /** Seconds of one unit of work. */
  readonly perUnit: Spread;
  /** The unit's cost, over that at the first size; round by round. */
  readonly growth: Spread;
}

/** A size and the units of work that a run of it holds. */
export interface Size {
  readonly size: number;
  readonly units: number;
}

/** Costs of sizes given the smallest first; `seconds` of each size in each round. */
export function costs(sizes: readonly Size[], seconds: readonly (readonly number[])[]): readonly Cost[] {
  const perUnit = sizes.map(({ units }, i) => (seconds[i] ?? []).map((value) => value / units));
  return sizes.map(({ size }, i) => ({
    size,
    seconds: spread(seconds[i] ?? []),
    perUnit: spread(perUnit[i] ?? []),
    growth: spread(ratios(perUnit[i] ?? [], perUnit[0] ?? [])),
  }));
}
