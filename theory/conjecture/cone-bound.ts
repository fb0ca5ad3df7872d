/**
 * Rigorous upper bound on the value of the game from a dual measure: branch and bound over the sphere.
 *
 * With eps = p/q, and x the points of the measure scaled by q, let
 *   F(theta) = sum over points of weight [phi(<x,r> + q b) - phi(-<x,r> + q b)],  theta = (r, b).
 * The value is at most `share` times the conjecture's margin if F(theta) <= share g |theta| for all theta,
 *   g = W q (q - 2p) / sqrt(q^2 + p^2),   W = weight of the points with one given signal coordinate.
 * F is permutation invariant, so theta runs over r_1 >= .. >= r_n alone: a union of simplicial cones.
 *
 * A cone with rays v_i is done when there is a vector z with |z| <= g and F(theta) <= <z,theta> on it.
 * Convex terms lie below the interpolation of their values on the rays, concave terms -phi(t) below
 * -alpha t (0 <= alpha <= 1), so F is below a function linear on the cone with values l_i on the rays,
 * and l_i |z| < g <z,v_i> for all i is enough, whatever way z was found. Otherwise the cone is cut in two.
 *
 * F touches g |theta| at the conjecture's own neuron, the kink atom (q, 0, .., 0; -p). It is a ray of the
 * first subdivision and stays one. On cones that have it as a ray, z must be g times its unit vector; the
 * other rays are then strictly below. All checks being strict elsewhere, a completed proof also shows that
 * no other neuron attains g: the optimum is unique.
 *
 * Arithmetic: rays are integer vectors, kept below a limit where every <x,v> is an exact double. Sums of
 * weighted terms carry the a-priori bound (number of operations) 2^-52 sum |terms|, and are rounded
 * outwards. z and alpha need no guarantee.
 */
import { nextDown, nextUp } from '../rigorous/interval.ts';
import { ConeCutter } from './cone-bound/cut.ts';
import { DualFunction, type Ray, rayAt } from './cone-bound/dual-function.ts';
import { LeafTest } from './cone-bound/leaf-test.ts';
import type { DualOrbit, Game } from './game.ts';
import { at } from './indexing.ts';

export interface ConeBoundOptions {
  /** Cones to look at before giving up. */
  readonly maximalCones: number;
  /** Bound to prove, in units of the conjecture's margin; 1 proves the conjecture at this point. */
  readonly share?: number;
  /** Sees every finished cone: its rays and z, for independent checks. */
  readonly onLeaf?: (rays: readonly Float64Array[], z: Float64Array | 'kink') => void;
  /** Called every 4096 cones. */
  readonly onProgress?: (cones: number) => void;
}

export type ConeBoundResult =
  | { readonly proved: true; readonly cones: number; readonly leaves: number; readonly depth: number }
  | {
      readonly proved: false;
      readonly cones: number;
      readonly why: 'violated' | 'too many cones' | 'numbers too large';
      /** A direction where the bound is violated, or nearly (floating point): a cut for the search. */
      readonly direction?: readonly number[];
    };

/** Tries to prove that the value of the game is at most `share` times the conjecture's margin. */
export function proveConeBound(game: Game, dual: readonly DualOrbit[], options: ConeBoundOptions): ConeBoundResult {
  return new ConeProof(game, dual, options).run();
}

class ConeProof {
  readonly #f: DualFunction;
  readonly #target: number;
  readonly #options: ConeBoundOptions;
  /** Whether cones at the kink atom are settled by its own linear function (share = 1). */
  readonly #tight: boolean;
  readonly #leafTest: LeafTest;
  readonly #cutter: ConeCutter;

  constructor(game: Game, dual: readonly DualOrbit[], options: ConeBoundOptions) {
    const f = new DualFunction(game, dual);
    const share = options.share ?? 1;
    const top = f.total * f.q * (f.q - 2 * f.p);
    if (!Number.isSafeInteger(top))
      throw new RangeError(`[attribench] dual weights sum to ${top}, expected below 2^53`);
    const squares = f.q * f.q + f.p * f.p;
    this.#f = f;
    this.#options = options;
    this.#tight = share === 1;
    this.#target = nextDown(nextDown(nextDown(top / nextUp(Math.sqrt(squares))) * share));
    // F(kink) |kink| = g |kink|^2 is what makes the conjecture's own linear function touch; integers, exact below 2^53.
    if (this.#tight && (f.kink.value !== top || f.kink.magnitude > 2 ** 53)) {
      throw new Error(`[attribench] cone bound: F at the kink atom is ${f.kink.value}, expected ${top}`);
    }
    this.#leafTest = new LeafTest(f, this.#target, this.#tight);
    this.#cutter = new ConeCutter(f);
  }

  run(): ConeBoundResult {
    const stack = this.#chamber().map((rays) => ({ rays, depth: 0 }));
    let cones = 0;
    let leaves = 0;
    let deepest = 0;
    for (let cone = stack.pop(); cone; cone = stack.pop()) {
      cones += 1;
      deepest = Math.max(deepest, cone.depth);
      if (cones % 4096 === 0) this.#options.onProgress?.(cones);
      if (cones > this.#options.maximalCones) return { proved: false, cones, why: 'too many cones' };
      const { rays, depth } = cone;
      const z = this.#leafTest.settle(rays);
      if (z) {
        leaves += 1;
        this.#options.onLeaf?.(
          rays.map((ray) => ray.coordinates),
          z,
        );
        continue;
      }
      const direction = this.#violation(rays);
      if (direction) return { proved: false, cones, why: 'violated', direction };
      const { first, second, middle } = this.#cutter.cut(rays);
      if (!middle) return { proved: false, cones, why: 'numbers too large', direction: this.#worst(rays) };
      const ray = this.#f.ray(middle);
      for (const replaced of [first, second]) {
        stack.push({ rays: rays.map((old, at) => (at === replaced ? ray : old)), depth: depth + 1 });
      }
    }
    return { proved: true, cones, leaves, depth: deepest };
  }

  /** r_1 >= .. >= r_n as six simplicial cones: both signs of (1,..,1), and the b axis cut at the kink atom. */
  #chamber(): Ray[][] {
    const n = this.#f.n;
    const step = (ones: number, sign: number): Ray =>
      this.#f.ray(Array.from({ length: n + 1 }, (_, at) => (at < ones ? sign : 0)));
    const middle = Array.from({ length: Math.max(0, n - 2) }, (_, at) => step(at + 2, 1));
    const up = this.#f.ray([...new Array<number>(n).fill(0), 1]);
    const down = this.#f.ray([...new Array<number>(n).fill(0), -1]);
    return [step(n, 1), step(n, -1)].flatMap((edge) => {
      // For n = 1 the chamber is the whole plane and the kink atom cuts one quadrant alone.
      if (n === 1) {
        const positive = (edge.coordinates[0] ?? 0) > 0;
        return positive
          ? [
              [edge, up],
              [edge, this.#f.kink],
              [this.#f.kink, down],
            ]
          : [
              [edge, up],
              [edge, down],
            ];
      }
      const first = step(1, 1);
      return [
        [first, ...middle, edge, up],
        [first, ...middle, edge, this.#f.kink],
        [this.#f.kink, ...middle, edge, down],
      ];
    });
  }

  /** A ray of this cone where F exceeds the target (floating point: it only ends the attempt). */
  #violation(rays: readonly Ray[]): readonly number[] | undefined {
    const slack = 1 + 1e-12;
    for (const ray of rays) {
      if (ray !== this.#f.kink && ray.value > this.#target * ray.length * slack) return [...ray.coordinates];
    }
    if (!this.#tight || !rays.includes(this.#f.kink)) return undefined;
    // Close to the kink atom F is exactly linear, so a ray above its linear function is a violation near it.
    const squares = this.#f.q * this.#f.q + this.#f.p * this.#f.p;
    for (const ray of rays) {
      if (ray === this.#f.kink) continue;
      const scale = Math.ceil((1000 * ray.length) / this.#f.kink.length);
      const near = this.#f.ray(ray.coordinates.map((x, k) => x + scale * at(this.#f.kink.coordinates, k)));
      const dot = this.#f.q * at(near.coordinates, 0) - this.#f.p * at(near.coordinates, this.#f.n);
      if (near.value * squares > this.#f.kink.value * dot * slack) return [...near.coordinates];
    }
    return undefined;
  }

  #worst(rays: readonly Ray[]): readonly number[] {
    let worst = rayAt(rays, 0);
    for (const ray of rays) if (ray.value / ray.length > worst.value / worst.length) worst = ray;
    return [...worst.coordinates];
  }
}
