/**
 * The map (d, eps) -> status: where the conjecture as reconstructed is proved, refuted or open.
 *
 * Refuted: an explicit network whose exact worst case beats the conjecture's margin, in rational arithmetic.
 * Proved optimal: a dual measure with small integer weights under which no neuron exceeds the conjecture's
 * value, by branch and bound with outward rounding. Open: neither, with what is known on both sides.
 */
import { Rational } from '../rigorous/rational.ts';
import { proveConeBound } from './cone-bound.ts';
import { findDual } from './dual-search.ts';
import {
  conjecturedMargin,
  conjecturedMarginSquared,
  type DualOrbit,
  defineGame,
  type Game,
  type Network,
} from './game.ts';
import { findNetwork } from './network-search.ts';
import {
  beatsConjecture,
  conjecturedNetwork,
  denseNetwork,
  marginBelow,
  mixedNetwork,
  pairNetwork,
  preferredMixture,
} from './networks.ts';
import { type WorstCase, worstCase } from './worst-case.ts';

export type GridStatus = 'proved optimal' | 'refuted' | 'open';

/** An explicit network, up to scale, and where the adversary hurts it most; all numbers exact. */
interface LowerBound {
  readonly network: string;
  readonly orbits: readonly {
    readonly direction: readonly number[];
    readonly bias: string;
    readonly coefficient: string;
  }[];
  /** The smallest y f(x), before division by the network's cost. */
  readonly worstValue: string;
  readonly worstPoint: readonly string[];
  /** Its margin on the sphere (double). */
  readonly margin: number;
  /** margin / the conjecture's margin, rounded down to four digits. */
  readonly share: number;
}

/** A dual measure; `signs` reads - 0 + for eps times -1, 0, 1 beside the signal's 1 - eps. */
interface UpperBound {
  /** The value is at most this many times the conjecture's margin: 1 where optimality is proved. */
  readonly share: number;
  readonly orbits: readonly { readonly signs: string; readonly weight: number }[];
  readonly cones: number;
  readonly depth: number;
}

export interface GridPoint {
  readonly d: number;
  readonly eps: string;
  /** The conjecture's margin (1 - 2 eps) / (2 d sqrt(1 + eps^2)): a double, and its square exactly. */
  readonly conjecturedMargin: number;
  readonly conjecturedMarginSquared: string;
  readonly status: GridStatus;
  /** The best explicit network found; the conjecture's own where none beats it. */
  readonly lower: LowerBound;
  /** Absent where refuted. With share 1 the value equals the conjecture's margin, attained by no other network. */
  readonly upper: UpperBound | null;
}

export interface ConjectureGridOptions {
  /** Even; default 2, 4, .., 16. */
  readonly dimensions?: readonly number[];
  /** Below 1/2; default 0, 1/40, .., 19/40, in steps of 1/20 alone beyond d = 12. */
  readonly radii?: readonly Rational[];
  /** Cones that one attempt at a proof may look at; default 1,000,000. */
  readonly maximalCones?: number;
  readonly signal?: AbortSignal;
}

export interface GridProgress {
  readonly done: number;
  readonly total: number;
  readonly note: string;
}

const GRID_DIMENSIONS: readonly number[] = [2, 4, 6, 8, 10, 12, 14, 16];

/** Steps of 1/40 up to d = 12, of 1/20 beyond, where a proof takes minutes. */
export function gridRadii(d: number): readonly Rational[] {
  const steps = d <= 12 ? 40 : 20;
  return Array.from({ length: steps / 2 }, (_, k) => Rational.of(k, steps));
}

/** The reduced grid: seconds a point at most. */
export const QUICK_DIMENSIONS: readonly number[] = [2, 4, 6, 8, 10];
export const QUICK_RADII: readonly Rational[] = Array.from({ length: 5 }, (_, k) => Rational.of(2 * k + 1, 20));

/** Settles every grid point in turn; the same points for the same options on every machine. */
export async function conjectureGrid(
  options: ConjectureGridOptions = {},
  onProgress: (progress: GridProgress) => void = () => {},
): Promise<readonly GridPoint[]> {
  const dimensions = options.dimensions ?? GRID_DIMENSIONS;
  const games = dimensions.flatMap((d) => (options.radii ?? gridRadii(d)).map((eps) => defineGame(d, eps)));
  const points: GridPoint[] = [];
  for (const game of games) {
    options.signal?.throwIfAborted();
    const at = `d = ${game.d}, eps = ${game.eps}`;
    const report = (note: string): void =>
      onProgress({ done: points.length, total: games.length, note: `${at}: ${note}` });
    report('started');
    const point = await settle(game, options.maximalCones ?? 1_000_000, report);
    points.push(point);
    report(point.status);
    // Lets the signal and other work through: the steps above are synchronous.
    await new Promise((resolve) => setImmediate(resolve));
  }
  return points;
}

/** One grid point. Named networks first, then a proof, then a search for any better network. */
async function settle(game: Game, maximalCones: number, report: (note: string) => void): Promise<GridPoint> {
  const named = bestNamed(game);
  if (named) return gridPoint(game, 'refuted', named.network, named.worst, null);
  const own = conjecturedNetwork(game);
  const ownWorst = worstCase(game, own);
  const { dual, proof } = await findDual(game, { maximalCones, attempts: 8, onProgress: report });
  if (proof) return gridPoint(game, 'proved optimal', own, ownWorst, { dual, share: 1, ...proof });
  const better = await findNetwork(game, { rounds: 15, onProgress: report });
  if (better) return gridPoint(game, 'refuted', better.network, better.worst, null);
  for (const share of LOOSER_SHARES) {
    report(`upper bound of ${share} times the conjecture`);
    const result = proveConeBound(game, dual, { maximalCones: maximalCones / 4, share });
    if (result.proved) return gridPoint(game, 'open', own, ownWorst, { dual, share, ...result });
  }
  return gridPoint(game, 'open', own, ownWorst, null);
}

/** Bounds tried where neither a proof nor a better network was found. */
const LOOSER_SHARES = [1.01, 1.02, 1.05, 1.1, 1.2, 1.5, 2];

/** The best of the named networks that beats the conjecture, or undefined. */
function bestNamed(game: Game): { network: Network; worst: WorstCase } | undefined {
  const candidates = [denseNetwork(game)];
  if (game.n > 1) {
    candidates.push(pairNetwork(game));
    const a = preferredMixture(game);
    // The preferred a, to the nearest part of 1, 2, .. 10: small numbers win ties within one per cent.
    for (let parts = 1; parts <= 10; parts++) candidates.push(mixedNetwork(game, Math.round(a * parts), parts));
  }
  let best: { network: Network; worst: WorstCase; margin: number } | undefined;
  for (const network of candidates) {
    const worst = worstCase(game, network);
    if (!beatsConjecture(game, network, worst)) continue;
    const margin = marginBelow(network, worst).toNumber();
    if (!best || margin > best.margin * 1.01) best = { network, worst, margin };
  }
  return best;
}

function gridPoint(
  game: Game,
  status: GridStatus,
  network: Network,
  worst: WorstCase,
  found: {
    readonly dual: readonly DualOrbit[];
    readonly share: number;
    readonly cones: number;
    readonly depth: number;
  } | null,
): GridPoint {
  const margin = marginBelow(network, worst).toNumber();
  const conjectured = conjecturedMargin(game);
  return {
    d: game.d,
    eps: game.eps.toString(),
    conjecturedMargin: conjectured,
    conjecturedMarginSquared: conjecturedMarginSquared(game).toString(),
    status,
    lower: {
      network: network.name,
      orbits: network.orbits.map(({ direction, bias, coefficient }) => ({
        direction,
        bias: bias.toString(),
        coefficient: coefficient.toString(),
      })),
      worstValue: worst.value.toString(),
      worstPoint: worst.point.map(String),
      margin,
      share: network.name === 'conjectured' ? 1 : Math.floor((margin / conjectured) * 1e4) / 1e4,
    },
    upper: found
      ? {
          share: found.share,
          orbits: found.dual.map(({ signs, weight }) => ({ signs: signs.map(signName).join(''), weight })),
          cones: found.cones,
          depth: found.depth,
        }
      : null,
  };
}

function signName(sign: number): string {
  return sign < 0 ? '-' : sign > 0 ? '+' : '0';
}
