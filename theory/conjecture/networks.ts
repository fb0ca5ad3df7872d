/**
 * Explicit networks that compete with the conjecture's, as orbits with integer directions.
 *
 * Weights are given up to scale: a neuron (w, r, b) with direction (r, b) = s v costs mass in proportion to
 * |v|, so dividing by the total cost 4 sum coefficient |(r, b)| puts the network on the sphere.
 */
import { compareWithSquareRoot, Rational, squareRootAbove } from '../rigorous/rational.ts';
import { conjecturedMarginSquared, type Game, type Network, type NetworkOrbit } from './game.ts';
import type { WorstCase } from './worst-case.ts';

/** The conjecture as reconstructed: one unit a coordinate, (1, 0, .., 0; -eps). */
export function conjecturedNetwork({ n, eps }: Game): Network {
  return single('conjectured', [1, ...zeros(n - 1)], eps.negated());
}

/** Theorem 1's network at noise eps: (1, .., 1; 1 - n eps). */
export function denseNetwork({ n, eps }: Game): Network {
  return single('dense', ones(n), Rational.one.minus(eps.times(Rational.of(n))));
}

/**
 * One coordinate against the rest: (1, .., 1, -a; 1 - (n - 1) eps + a eps), a = numerator/denominator >= 0.
 * Scaled by the denominator to integers. Needs n >= 2.
 */
export function mixedNetwork({ n, eps }: Game, numerator: number, denominator: number): Network {
  const bias = Rational.of(denominator)
    .minus(eps.times(Rational.of((n - 1) * denominator)))
    .plus(eps.times(Rational.of(numerator)));
  return single('mixed', [...ones(n - 1).map(() => denominator), numerator === 0 ? 0 : -numerator], bias);
}

/**
 * The a that the mixed network's margin prefers (floating point: only a proposal).
 * b0 = 1 - (n-1) eps, N0 = (n - 3/2) b0 - (n-1) eps/2, N1 = (n-1) eps - 1/2 (docs/theory-conjecture.md).
 */
export function preferredMixture({ n, eps }: Game): number {
  const e = eps.toNumber();
  const b0 = 1 - (n - 1) * e;
  const n0 = (n - 1.5) * b0 - ((n - 1) * e) / 2;
  const n1 = (n - 1) * e - 0.5;
  const largest = (n - 1) / 2;
  const below = n0 * (1 + e * e) - n1 * b0 * e;
  if (below <= 0) return largest;
  return Math.max(0, Math.min(largest, (n1 * (n - 1 + b0 * b0) - n0 * b0 * e) / below));
}

/** Two coordinates at a time: (1, 1, 0, .., 0; -2 eps). Needs n >= 2. */
export function pairNetwork({ n, eps }: Game): Network {
  return single('pair', [1, 1, ...zeros(n - 2)], eps.times(Rational.of(-2)));
}

/** The cost 4 sum coefficient |(direction, bias)|, from above: each neuron of mass m adds m / (2 |(r, b)|) phi. */
export function costAbove(network: Network): Rational {
  return network.orbits
    .reduce((sum, orbit) => sum.plus(orbit.coefficient.times(squareRootAbove(normSquared(orbit), 100))), Rational.zero)
    .times(Rational.of(4));
}

/** |(direction, bias)|^2. */
export function normSquared({ direction, bias }: NetworkOrbit): Rational {
  return Rational.of(direction.reduce((sum, x) => sum + x * x, 0)).plus(bias.squared());
}

/** A margin that the network certainly has, given its worst case: value / cost, from below. */
export function marginBelow(network: Network, worst: WorstCase): Rational {
  return worst.value.dividedBy(costAbove(network));
}

/** True when the network's margin is certainly above the conjecture's: exact, no rounding. */
export function beatsConjecture(game: Game, network: Network, worst: WorstCase): boolean {
  return compareWithSquareRoot(marginBelow(network, worst), conjecturedMarginSquared(game)) > 0;
}

function single(name: string, direction: readonly number[], bias: Rational): Network {
  return { name, orbits: [{ direction, bias, coefficient: Rational.one }] };
}

function ones(count: number): number[] {
  return new Array<number>(count).fill(1);
}

function zeros(count: number): number[] {
  return new Array<number>(count).fill(0);
}
