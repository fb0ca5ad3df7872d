/**
 * The certificate of Theorem 1's network: its margin is the largest, in exact rational arithmetic.
 *
 * Weak duality. For every probability measure q on the support and every network nu,
 *   min_(x,y) y f(nu, x) <= E_q[y f(nu, x)] <= max over the sphere of E_q[y w phi(<r,x> + b)].
 * q*: y uniform on +-1, j uniform on 1 .. n = d/2, x = y a_j, where a_j holds (1 - eta) u* in block j,
 * -eta u* in the other relevant blocks and 0 in the noise blocks. With t_j = <r, a_j> the right-hand side is
 *   (w / 2n) sum_j psi_b(t_j),   psi_b(t) = phi(t + b) - phi(b - t),
 * and with s_i = <r_i, u*>, t_j = s_j - eta sum_i s_i. As w |(r, b)| <= 1/2 on the sphere, its maximum is
 * M / 4n with M = max { sum_j psi_b(t_j) : |(s, b)| = 1 } (parts of r beside the s_i are pure cost; w < 0 is w > 0
 * with -r). So gamma is optimal as soon as M^2 <= (4 n gamma)^2 = 4 n^2 v / (n + v), v = (1 - eta n)^2: rational.
 *
 * M falls into pieces by which t_j lie beyond the kink. On each piece sum psi_b is at most a linear function
 * of (s, b), whatever the multipliers, and a linear function on the unit ball is at most its norm:
 *
 * b >= 0, N the m indices with t_j <= -b. Elsewhere psi_b(t) = min(2t, t + b) <= (2 - k) t + k b, k in [0, 1];
 * on N psi_b(t) = t - b <= t - b - l (t + b), l >= 0; and 0 <= z b, z >= 0.
 *   bound^2 = (n - m) (A - K eta)^2 + m (B - K eta)^2 + C^2,
 *   A = 2 - k, B = 1 - l, K = (n - m) A + m B, C = (n - m) k - m (1 + l) + z.
 *
 * b = -c < 0, P the p indices with t_j >= c. There psi_b(t) = t - c <= t - c + l (t - c); elsewhere
 * psi_b(t) = min(0, t + c) <= k (t + c), k in [0, 1]; and 0 <= z c.
 *   bound^2 = p (A - K eta)^2 + (n - p) (B - K eta)^2 + C^2,
 *   A = 1 + l, B = k, K = p A + (n - p) B, C = -p A + (n - p) k + z.
 *
 * Any rational multipliers give a valid bound: a search in floating point proposes them, exact arithmetic
 * disposes. On the piece b >= 0, m = 0 the bound equals 4 n gamma, at k = 2 v / (n + v), and the linear
 * function's only maximiser is nu*'s atom; all other pieces must be strictly below, which proves that nu* is
 * the only max-margin network (docs/theory.md).
 */
import { Rational } from '../rigorous/rational.ts';

/** A piece of the sphere, by the sign of b and the number of indices beyond the kink. */
export interface Piece {
  readonly bias: 'non-negative' | 'negative';
  /** m for a non-negative bias, p for a negative one. */
  readonly beyond: number;
}

/** k, l and z of the header, each within its range. */
export interface Multipliers {
  readonly k: Rational;
  readonly l: Rational;
  readonly z: Rational;
}

/** The coefficients of the linear function that bounds sum psi_b on a piece, less their eta part. */
export interface Coefficients {
  /** Of s_j beyond the kink, and of the others, less K eta. */
  readonly beyond: Rational;
  readonly others: Rational;
  /** Of |b|. */
  readonly bias: Rational;
}

/** Every piece for n relevant blocks; by symmetry only the number of indices matters. */
export function pieces(n: number): readonly Piece[] {
  return [
    ...Array.from({ length: n + 1 }, (_, beyond): Piece => ({ bias: 'non-negative', beyond })),
    ...Array.from({ length: n + 1 }, (_, beyond): Piece => ({ bias: 'negative', beyond })),
  ];
}

/** (4 n gamma)^2 = 4 n^2 v / (n + v) with v = (1 - eta n)^2, exactly. */
export function squaredTarget(n: number, eta: Rational): Rational {
  const v = Rational.one.minus(eta.times(Rational.of(n))).squared();
  return Rational.of(4 * n * n)
    .times(v)
    .dividedBy(Rational.of(n).plus(v));
}

/** gamma^2 = v / (4 (n + v)), exactly. */
export function squaredMargin(n: number, eta: Rational): Rational {
  return squaredTarget(n, eta).dividedBy(Rational.of(16 * n * n));
}

/**
 * The linear function of a piece.
 *
 * @throws RangeError for multipliers outside their ranges, where the bound would not be valid.
 */
export function coefficients(n: number, eta: Rational, piece: Piece, { k, l, z }: Multipliers): Coefficients {
  if (k.sign() < 0 || k.compare(Rational.one) > 0 || l.sign() < 0 || z.sign() < 0) {
    throw new RangeError(
      `[attribench] multipliers are k = ${k}, l = ${l}, z = ${z}, expected k in 0 .. 1, l and z from 0`,
    );
  }
  const beyond = Rational.of(piece.beyond);
  const others = Rational.of(n - piece.beyond);
  const one = Rational.one;
  const negative = piece.bias === 'negative';
  const a = negative ? one.plus(l) : one.minus(l);
  const b = negative ? k : Rational.of(2).minus(k);
  const c = negative ? a.negated() : one.plus(l).negated();
  const sum = beyond.times(a).plus(others.times(b)).times(eta);
  return {
    beyond: a.minus(sum),
    others: b.minus(sum),
    bias: beyond.times(c).plus(others.times(k)).plus(z),
  };
}

/** The squared norm of the linear function: an upper bound of M^2 on the piece. */
export function squaredBound(n: number, eta: Rational, piece: Piece, multipliers: Multipliers): Rational {
  const { beyond, others, bias } = coefficients(n, eta, piece, multipliers);
  return Rational.of(piece.beyond)
    .times(beyond.squared())
    .plus(Rational.of(n - piece.beyond).times(others.squared()))
    .plus(bias.squared());
}

/** Denominator of proposed multipliers. */
const GRAIN = 2 ** 30;

/**
 * Multipliers that make a piece's bound small: the minimum of a convex quadratic over a box, by sweeps over
 * the coordinates in floating point. Whatever it returns is valid; a poor choice only proves less.
 */
export function proposeMultipliers(n: number, eta: number, piece: Piece): Multipliers {
  const m = piece.beyond;
  const negative = piece.bias === 'negative';
  // beyond, others and bias are affine in (k, l, z): constant, then the coefficients.
  const [a0, al] = negative ? [1, 1] : [1, -1];
  const [b0, bk] = negative ? [0, 1] : [2, -1];
  const k0 = m * a0 + (n - m) * b0;
  const [kk, kl] = [(n - m) * bk, m * al];
  const rows: readonly (readonly [weight: number, constant: number, k: number, l: number, z: number])[] = [
    [m, a0 - eta * k0, -eta * kk, al - eta * kl, 0],
    [n - m, b0 - eta * k0, bk - eta * kk, -eta * kl, 0],
    [1, -m, n - m, -m, 1],
  ];
  const x: [k: number, l: number, z: number] = [0, 0, 0];
  const value = (row: (typeof rows)[number]) => row[1] + row[2] * x[0] + row[3] * x[1] + row[4] * x[2];
  for (let sweep = 0; sweep < 2000; sweep++) {
    let moved = 0;
    for (const at of [0, 1, 2] as const) {
      let slope = 0;
      let curvature = 0;
      for (const row of rows) {
        const c = row[at + 2] as number;
        slope += row[0] * c * value(row);
        curvature += row[0] * c * c;
      }
      if (curvature === 0) continue;
      const next = Math.min(at === 0 ? 1 : Number.MAX_VALUE, Math.max(0, x[at] - slope / curvature));
      moved = Math.max(moved, Math.abs(next - x[at]));
      x[at] = next;
    }
    if (moved < 1e-13) break;
  }
  const rational = (number: number) => Rational.of(BigInt(Math.round(number * GRAIN)), BigInt(GRAIN));
  return { k: rational(x[0]), l: rational(x[1]), z: rational(x[2]) };
}

/** What is known of Theorem 1's network at one (d, eta). */
export type Optimality =
  /** The only max-margin network; `slack` is the smallest 1 - bound/target over the other pieces, rounded down. */
  | { readonly status: 'proved'; readonly slack: number; readonly multipliers: readonly PieceBound[] }
  /** Not max-margin: the neuron at which E_q* exceeds gamma. */
  | { readonly status: 'refuted'; readonly neuron: Neuron; readonly excess: number }
  | { readonly status: 'not certified'; readonly piece: Piece };

export interface PieceBound extends Piece {
  readonly multipliers: Multipliers;
  /** squaredBound / squaredTarget, as a double above it. */
  readonly ratio: number;
}

/** (s, b) up to a positive factor: s is the same on `first` indices, and on the others. */
export interface Neuron {
  readonly first: number;
  readonly s: readonly [first: Rational, others: Rational];
  readonly b: Rational;
}

/**
 * Decides whether Theorem 1's network is the max-margin one, exactly, for 0 <= eta < 2/d.
 *
 * Where a piece's bound is not below the target, the bound's own direction is tried as a neuron: E_q* above gamma there
 * refutes optimality. For if nu* were optimal, an optimal q would live on the points where nu* attains its
 * margin, x = y a_j with any noise blocks, and could be made symmetric in y and j; against neurons that
 * read no noise block it would equal q*, whose best response exceeds gamma.
 *
 * @throws RangeError for d odd or below 2, or eta outside 0 <= eta < 2/d.
 */
export function decideOptimality(blocks: number, eta: Rational): Optimality {
  const n = checkedRelevant(blocks, eta);
  const target = squaredTarget(n, eta);
  const bounds: PieceBound[] = [];
  for (const piece of pieces(n)) {
    // nu*'s own piece: equality, shown by `ownPieceIsTight`.
    if (piece.bias === 'non-negative' && piece.beyond === 0) continue;
    const multipliers = proposeMultipliers(n, eta.toNumber(), piece);
    const bound = squaredBound(n, eta, piece, multipliers);
    if (bound.compare(target) >= 0) {
      const neuron = neuronOf(n, eta, piece, multipliers);
      const excess = excessOf(n, eta, neuron);
      return excess === undefined ? { status: 'not certified', piece } : { status: 'refuted', neuron, excess };
    }
    // A double is within a relative 2^-52 of its rational; this stays above it.
    const ratio = bound.dividedBy(target).toNumber() * (1 + 2 ** -50);
    bounds.push({ ...piece, multipliers, ratio });
  }
  const worst = Math.max(...bounds.map(({ ratio }) => ratio));
  return { status: 'proved', slack: 1 - Math.sqrt(worst), multipliers: bounds };
}

/**
 * The piece b >= 0, m = 0: at k = 2 v / (n + v), within 0 .. 1, the bound is exactly the target, and its direction is
 * nu*'s atom: all s equal, b / s = c0 / |ubar_j| = 1 - eta n.
 */
export function ownPieceIsTight(blocks: number, eta: Rational): boolean {
  const n = checkedRelevant(blocks, eta);
  const piece: Piece = { bias: 'non-negative', beyond: 0 };
  const rest = Rational.one.minus(eta.times(Rational.of(n)));
  const v = rest.squared();
  const k = Rational.of(2).times(v).dividedBy(Rational.of(n).plus(v));
  const multipliers = { k, l: Rational.zero, z: Rational.zero };
  const { others, bias } = coefficients(n, eta, piece, multipliers);
  return (
    squaredBound(n, eta, piece, multipliers).equals(squaredTarget(n, eta)) &&
    bias.equals(others.times(rest)) &&
    others.sign() > 0
  );
}

/** sum_j psi_b(t_j) of a neuron, exactly. */
export function dualValue(n: number, eta: Rational, { first, s, b }: Neuron): Rational {
  const sum = s[0].times(Rational.of(first)).plus(s[1].times(Rational.of(n - first)));
  const psi = (t: Rational) => t.plus(b).positivePart().minus(b.minus(t).positivePart());
  const term = (value: Rational, count: number) => psi(value.minus(eta.times(sum))).times(Rational.of(count));
  return term(s[0], first).plus(term(s[1], n - first));
}

/** How far E_q* exceeds gamma at a neuron, relative; undefined where it certainly does not. */
function excessOf(n: number, eta: Rational, neuron: Neuron): number | undefined {
  const value = dualValue(n, eta, neuron);
  const { first, s, b } = neuron;
  const length = s[0]
    .squared()
    .times(Rational.of(first))
    .plus(s[1].squared().times(Rational.of(n - first)))
    .plus(b.squared());
  const target = squaredTarget(n, eta).times(length);
  if (value.sign() <= 0 || value.squared().compare(target) <= 0) return undefined;
  return Math.sqrt(value.squared().dividedBy(target).toNumber()) - 1;
}

function neuronOf(n: number, eta: Rational, piece: Piece, multipliers: Multipliers): Neuron {
  const { beyond, others, bias } = coefficients(n, eta, piece, multipliers);
  const b = piece.bias === 'negative' ? bias.negated() : bias;
  return { first: piece.beyond, s: [beyond, others], b };
}

function checkedRelevant(blocks: number, eta: Rational): number {
  if (!Number.isInteger(blocks) || blocks < 2 || blocks % 2 !== 0) {
    throw new RangeError(`[attribench] blocks is ${blocks}, expected an even integer from 2`);
  }
  if (eta.sign() < 0 || eta.times(Rational.of(blocks)).compare(Rational.of(2)) >= 0) {
    throw new RangeError(`[attribench] eta is ${eta}, expected 0 <= eta < 2/d = ${Rational.of(2, blocks)}`);
  }
  return blocks / 2;
}
