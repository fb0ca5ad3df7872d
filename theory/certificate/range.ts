/**
 * Theorem 1's optimality over whole ranges of eta, not at single values.
 *
 * With multipliers held fixed, a piece's squared bound is a convex quadratic in eta: on an interval it is
 * largest at an end. The squared target 4 n^2 v / (n + v) falls as eta grows to 2/d. So one exact comparison
 * (the larger end's bound against the target at the right end) proves the piece for the whole interval.
 * With a neuron held fixed, every t_j is affine in eta and psi_b rises with t: the smaller of the two ends
 * bounds each term from below, and the target at the left end is the largest: one comparison refutes an interval.
 */
import { Rational } from '../rigorous/rational.ts';
import {
  decideOptimality,
  type Neuron,
  type Optimality,
  pieces,
  proposeMultipliers,
  squaredBound,
  squaredTarget,
} from './bounds.ts';

export interface Reach {
  /** d. */
  readonly blocks: number;
  /** nu* is the only max-margin network for every eta in 0 .. proved. */
  readonly proved: Rational;
  /** nu* is not max-margin for any eta from here to below 2/d; null where it is to the end of the search. */
  readonly refuted: Rational | null;
  /** Intervals that the proof took. */
  readonly intervals: number;
}

/** Whether nu* is proved to be the only max-margin network for every eta in [low, high], high < 2/d. */
export function provedOn(blocks: number, low: Rational, high: Rational): boolean {
  const n = blocks / 2;
  const target = squaredTarget(n, high);
  const middle = (low.toNumber() + high.toNumber()) / 2;
  return pieces(n).every((piece) => {
    if (piece.bias === 'non-negative' && piece.beyond === 0) return true;
    const multipliers = proposeMultipliers(n, middle, piece);
    return [low, high].every((eta) => squaredBound(n, eta, piece, multipliers).compare(target) < 0);
  });
}

/** Whether nu* is proved not to be max-margin for any eta in [low, high], high <= 2/d. */
export function refutedOn(blocks: number, low: Rational, high: Rational): boolean {
  const n = blocks / 2;
  const middle = low.plus(high).dividedBy(Rational.of(2));
  const found: Optimality = decideOptimality(blocks, middle);
  return found.status === 'refuted' && exceedsOn(n, low, high, found.neuron);
}

function exceedsOn(n: number, low: Rational, high: Rational, { first, s, b }: Neuron): boolean {
  const count = [Rational.of(first), Rational.of(n - first)] as const;
  const sum = s[0].times(count[0]).plus(s[1].times(count[1]));
  const psi = (t: Rational) => t.plus(b).positivePart().minus(b.minus(t).positivePart());
  const term = (value: Rational, number: Rational) => {
    const [left, right] = [low, high].map((eta) => psi(value.minus(eta.times(sum)))) as [Rational, Rational];
    return (left.compare(right) < 0 ? left : right).times(number);
  };
  const value = term(s[0], count[0]).plus(term(s[1], count[1]));
  const length = s[0].squared().times(count[0]).plus(s[1].squared().times(count[1])).plus(b.squared());
  return value.sign() > 0 && value.squared().compare(squaredTarget(n, low).times(length)) > 0;
}

/** Intervals are halved down to this share of 1/d. */
const FINEST = 2 ** -14;

/** The search ends so close to 2/d, in units of 1/d: there the margin itself vanishes. */
const END = Rational.of(1999, 1000);

/** Up to which eta the statement is proved, and from which on it is refuted, for one d. */
export function reachOf(blocks: number): Reach {
  const unit = Rational.of(1, blocks);
  const end = END.times(unit);
  let proved = Rational.zero;
  let intervals = 0;
  let step = 0.25;
  while (proved.compare(end) < 0 && step >= FINEST) {
    const next = least(proved.plus(unit.times(Rational.fromNumber(step))), end);
    if (provedOn(blocks, proved, next)) {
      proved = next;
      intervals++;
      step = Math.min(0.25, 2 * step);
    } else {
      step /= 2;
    }
  }
  if (proved.compare(end) >= 0) return { blocks, proved, refuted: null, intervals };
  // Downwards from 2/d, where the target is 0, as long as every interval is refuted.
  let refuted = Rational.of(2, blocks);
  step = 0.25;
  while (refuted.compare(proved) > 0 && step >= FINEST) {
    const next = greatest(refuted.minus(unit.times(Rational.fromNumber(step))), proved);
    if (refutedOn(blocks, next, refuted)) {
      refuted = next;
      intervals++;
      step = Math.min(0.25, 2 * step);
    } else {
      step /= 2;
    }
  }
  return { blocks, proved, refuted: refuted.equals(Rational.of(2, blocks)) ? null : refuted, intervals };
}

/**
 * The paper's range, eta < 1/(10 d), for every d at once: what is left to check of the proof in docs/theory.md.
 *
 * With v = (1 - eta n)^2 > (19/20)^2 it needs v >= (n - 1)/(4 n - 1) (pieces with b >= 0) and v > n/(4 n - 1)
 * (pieces with b < 0) for every n >= 1. The first is below 1/4 and the second at most 1/3 whatever n.
 */
export function uniformRangeHolds(): boolean {
  const v = Rational.of(19, 20).squared();
  return v.compare(Rational.of(1, 4)) >= 0 && v.compare(Rational.of(1, 3)) > 0;
}

function least(a: Rational, b: Rational): Rational {
  return a.compare(b) < 0 ? a : b;
}

function greatest(a: Rational, b: Rational): Rational {
  return a.compare(b) > 0 ? a : b;
}
