/**
 * Checks a stored grid point from its record alone: no search, no linear program.
 *
 * The worst case of the stored network is computed again exactly, its stored worst point is put into f by
 * definition, and the stored dual measure is proved again by cones. A record that claims more than follows
 * is refused with the first reason.
 */
import { Rational } from '../rigorous/rational.ts';
import { proveConeBound } from './cone-bound.ts';
import { conjecturedMarginSquared, type DualOrbit, defineGame, type Network } from './game.ts';
import type { GridPoint } from './grid.ts';
import { beatsConjecture, conjecturedNetwork, costAbove } from './networks.ts';
import { networkValue, worstCase } from './worst-case.ts';

const SIGNS: Readonly<Record<string, number>> = { '-': -1, '0': 0, '+': 1 };

/** Why the stored point does not hold, or undefined when all of it does. */
export function flawOf(point: GridPoint, maximalCones = 10_000_000): string | undefined {
  const game = defineGame(point.d, Rational.parse(point.eps));
  if (conjecturedMarginSquared(game).toString() !== point.conjecturedMarginSquared) return 'conjectured margin';
  const network: Network = {
    name: point.lower.network,
    orbits: point.lower.orbits.map(({ direction, bias, coefficient }) => ({
      direction,
      bias: Rational.parse(bias),
      coefficient: Rational.parse(coefficient),
    })),
  };
  const value = Rational.parse(point.lower.worstValue);
  const worst = worstCase(game, network);
  if (!worst.value.equals(value)) return `worst value ${value}, expected ${worst.value}`;
  if (!networkValue(game, network, point.lower.worstPoint.map(Rational.parse)).equals(value)) return 'worst point';
  const margin = value.dividedBy(costAbove(network)).toNumber();
  if (Math.abs(margin - point.lower.margin) > 1e-12) return `margin ${point.lower.margin}, expected ${margin}`;
  if (point.status === 'refuted') return beatsConjecture(game, network, worst) ? undefined : 'not above the conjecture';
  if (JSON.stringify(network.orbits) !== JSON.stringify(conjecturedNetwork(game).orbits)) return 'network';
  if (!point.upper) return point.status === 'open' ? undefined : 'no dual measure';
  if (point.status === 'proved optimal' && point.upper.share !== 1) return `share ${point.upper.share}, expected 1`;
  const dual: DualOrbit[] = point.upper.orbits.map(({ signs, weight }) => ({
    signs: [...signs].map((sign) => SIGNS[sign] ?? Number.NaN),
    weight,
  }));
  const result = proveConeBound(game, dual, { maximalCones, share: point.upper.share });
  return result.proved ? undefined : `dual measure: ${result.why}`;
}
