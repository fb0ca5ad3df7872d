/**
 * The robust max-margin game of Appendix F, reduced by its symmetries, in exact numbers.
 *
 * Simplified BlockMNIST with d~ = 1 and eta = 0: x = y e_j, j uniform on 1..n, n = d/2, moved by an
 * adversary inside the Linf ball of radius eps < 1/2. A network is a measure of neurons on the unit
 * sphere; its value is the smallest y f(x) over all boxes. Noise coordinates are pure cost, and both
 * players lose nothing by playing invariantly under permutations of the n coordinates and under
 * (x, y) -> (-x, -y); docs/theory-conjecture.md proves it. So one box is left (y = +1, j = 1), and
 * both players are lists of orbits.
 */
import { Rational } from '../rigorous/rational.ts';

/** Where the game is played: n = d/2 signal coordinates, radius eps = numerator/denominator. */
export interface Game {
  readonly d: number;
  readonly n: number;
  readonly eps: Rational;
}

/**
 * All neurons with this direction up to permutation, with w > 0, and their mirror images with w < 0:
 * coefficient / orbit size * sum over distinct permutations r of [phi(<r,x> + b) - phi(-<r,x> + b)].
 */
export interface NetworkOrbit {
  /** n integers. */
  readonly direction: readonly number[];
  readonly bias: Rational;
  /** Positive: the sum of the output weights of the orbit's neurons with w > 0. */
  readonly coefficient: Rational;
}

/** A symmetric network, up to scale. */
export interface Network {
  readonly name: string;
  readonly orbits: readonly NetworkOrbit[];
}

/**
 * A point of the box and all its permutations: the signal coordinate is 1 - eps, the others eps times
 * these signs; `weight` is the mass of each single point, in units common to the measure.
 */
export interface DualOrbit {
  /** n - 1 entries, each -1, 0 or 1. */
  readonly signs: readonly number[];
  /** A positive integer. */
  readonly weight: number;
}

/** The game at (d, eps); RangeError unless d is even and at least 2 and 0 <= eps < 1/2. */
export function defineGame(d: number, eps: Rational): Game {
  if (!Number.isInteger(d) || d < 2 || d % 2 !== 0) {
    throw new RangeError(`[attribench] conjecture: d is ${d}, expected an even integer of at least 2`);
  }
  if (eps.sign() < 0 || eps.compare(Rational.of(1n, 2n)) >= 0) {
    throw new RangeError(`[attribench] conjecture: eps is ${eps}, expected 0 <= eps < 1/2`);
  }
  return { d, n: d / 2, eps };
}

/**
 * Square of the margin of the conjecture as reconstructed: ((1 - 2 eps) / (2 d))^2 / (1 + eps^2).
 * Squared, it is rational, so margins are compared without rounding.
 */
export function conjecturedMarginSquared({ d, eps }: Game): Rational {
  const top = Rational.one
    .minus(eps)
    .minus(eps)
    .dividedBy(Rational.of(2 * d));
  return top.squared().dividedBy(Rational.one.plus(eps.squared()));
}

/** The same as a double, for tables and figures. */
export function conjecturedMargin(game: Game): number {
  return Math.sqrt(conjecturedMarginSquared(game).toNumber());
}

/** The points of an orbit with these signs, for every signal coordinate: `signal` there, `noise` times a sign elsewhere. */
export function orbitPoints(signs: readonly number[], signal: number, noise: number): number[][] {
  return distinctPermutations(signs).flatMap((rest) =>
    Array.from({ length: signs.length + 1 }, (_, j) => [
      ...rest.slice(0, j).map((sign) => noise * sign),
      signal,
      ...rest.slice(j).map((sign) => noise * sign),
    ]),
  );
}

/** Distinct permutations of a list of numbers, in ascending lexicographic order. */
export function distinctPermutations(values: readonly number[]): number[][] {
  const left = new Map<number, number>();
  for (const value of [...values].sort((a, b) => a - b)) left.set(value, (left.get(value) ?? 0) + 1);
  const found: number[][] = [];
  const prefix: number[] = [];
  const extend = (): void => {
    if (prefix.length === values.length) {
      found.push([...prefix]);
      return;
    }
    for (const [value, count] of left) {
      if (count === 0) continue;
      left.set(value, count - 1);
      prefix.push(value);
      extend();
      prefix.pop();
      left.set(value, count);
    }
  };
  extend();
  return found;
}
