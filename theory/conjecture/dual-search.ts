/**
 * Looks for a dual measure that certifies the conjecture: linear programming with cuts, in floating point.
 *
 * The measure lives on points (1 - eps; eps s) of the box, s of signs and perhaps zeros; its unknowns are
 * the masses p_k of the orbits. Corners are tried first: fewer points, a quicker proof. For a direction theta
 * the bound asks sum_k p_k F_k(theta) <= g |theta|. The program asks for more, g |theta| (1 - sigma phi) with
 * phi the angle to the conjecture's own neuron, and maximises sigma: a measure well inside the feasible set
 * survives rounding to small integers and is quick to certify.
 * Violated directions come from ascent, and from the rigorous proof when it fails. Nothing here is trusted.
 */
import { greatestCommonDivisorOfDoubles } from '../rigorous/divisors.ts';
import { proveConeBound } from './cone-bound.ts';
import { DualSearch } from './dual-search/search.ts';
import { type DualOrbit, distinctPermutations, type Game } from './game.ts';
import { loadHighs } from './highs.ts';

export interface DualSearchOptions {
  /** Cones that one attempt at a proof may look at. */
  readonly maximalCones: number;
  /** Attempts at a proof, each with new cuts or finer weights. */
  readonly attempts: number;
  readonly onProgress?: (note: string) => void;
}

export interface FoundDual {
  readonly dual: readonly DualOrbit[];
  /** The proof that the conjecture is optimal, or undefined: then the measure is only the most promising. */
  readonly proof: { readonly cones: number; readonly depth: number } | undefined;
}

/** A measure that proves the conjecture at this point, or the last one tried. */
export async function findDual(game: Game, options: DualSearchOptions): Promise<FoundDual> {
  const highs = await loadHighs();
  const corners = attempt(game, new DualSearch(game, highs, false), options);
  if (corners.proof || game.n > MOST_WITH_ZEROS) return corners;
  return attempt(game, new DualSearch(game, highs, true), options);
}

function attempt(game: Game, search: DualSearch, options: DualSearchOptions): FoundDual {
  let dual: readonly DualOrbit[] = [];
  for (let turn = 0; turn < options.attempts; turn++) {
    const { masses, slack } = search.solve();
    options.onProgress?.(`slack ${slack.toPrecision(3)}`);
    dual = wholeWeights(search.orbits, masses, FINENESS[Math.min(turn, FINENESS.length - 1)] ?? 1000);
    if (slack < LEAST_SLACK) break;
    const result = proveConeBound(game, dual, {
      maximalCones: options.maximalCones,
      onProgress: (cones) => options.onProgress?.(`${cones} cones`),
    });
    if (result.proved) return { dual, proof: { cones: result.cones, depth: result.depth } };
    options.onProgress?.(`${result.why} after ${result.cones} cones`);
    if (result.direction) search.addCut(result.direction);
    else break;
  }
  return { dual, proof: undefined };
}

/** Zeros among the signs make 3^(n-1) points of 2^(n-1): too many to search beyond this n. */
const MOST_WITH_ZEROS = 6;

/** Below this a proof is unlikely to end in the cones that it may use. */
const LEAST_SLACK = 0.02;

/** Orbit masses are rounded to this many parts, coarse first: small weights are easy to read. */
const FINENESS = [40, 120, 400, 1000];

/** Integer weights of single points, in proportion to orbit masses rounded to `parts` parts. */
function wholeWeights(all: readonly (readonly number[])[], masses: readonly number[], parts: number): DualOrbit[] {
  const orbits = all.map((signs, k) => ({
    signs,
    size: distinctPermutations(signs).length,
    share: Math.round((masses[k] ?? 0) * parts),
  }));
  const used = orbits.filter(({ share }) => share > 0);
  const common = used.reduce(
    (product, { size }) => (product / greatestCommonDivisorOfDoubles(product, size)) * size,
    1,
  );
  const weights = used.map(({ size, share }) => (share * common) / size);
  const divisor = weights.reduce(greatestCommonDivisorOfDoubles, 0);
  return used.map(({ signs }, at) => ({ signs, weight: (weights[at] ?? 0) / divisor }));
}
