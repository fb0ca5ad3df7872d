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
import type { Rational } from '../rigorous/rational.ts';
import { type DualOrbit, distinctPermutations, type Game } from './game.ts';

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

interface Ray {
  readonly coordinates: Float64Array;
  readonly length: number;
  /** <x,r> + q b and -<x,r> + q b, exact. */
  readonly plus: Float64Array;
  readonly minus: Float64Array;
  /** Bit sets over the points, 32 to a word: positive plus, negative plus, positive minus, negative minus. */
  readonly signs: Int32Array;
  /** F, rounded, and the sum of the absolute values of its terms. */
  readonly value: number;
  readonly magnitude: number;
}

interface Measure {
  /** n coordinates a point, scaled by q. */
  readonly points: Float64Array;
  readonly weights: Float64Array;
  /** W above. */
  readonly total: number;
}

const UNIT = 2 ** -52;

/** Tries to prove that the value of the game is at most `share` times the conjecture's margin. */
export function proveConeBound(game: Game, dual: readonly DualOrbit[], options: ConeBoundOptions): ConeBoundResult {
  return new ConeProof(game, dual, options).run();
}

class ConeProof {
  readonly #n: number;
  readonly #p: number;
  readonly #q: number;
  readonly #measure: Measure;
  readonly #words: number;
  readonly #limit: number;
  readonly #target: number;
  readonly #options: ConeBoundOptions;
  readonly #kink: Ray;
  /** Whether cones at the kink atom are settled by its own linear function (share = 1). */
  readonly #tight: boolean;
  readonly #bounds: Float64Array;
  readonly #alphas: Float64Array;
  readonly #gram: Float64Array;
  readonly #multipliers: Float64Array;
  #concave: Int32Array;
  #concaveCount = 0;

  constructor(game: Game, dual: readonly DualOrbit[], options: ConeBoundOptions) {
    this.#n = game.n;
    this.#p = safeInteger(game.eps, 'numerator');
    this.#q = safeInteger(game.eps, 'denominator');
    this.#measure = spread(game.n, this.#p, this.#q, dual);
    this.#options = options;
    const rays = game.n + 1;
    const count = this.#measure.weights.length;
    this.#words = (count + 31) >> 5;
    this.#limit = Math.floor(2 ** 53 / (this.#q * rays));
    const share = options.share ?? 1;
    this.#tight = share === 1;
    const top = this.#measure.total * this.#q * (this.#q - 2 * this.#p);
    if (!Number.isSafeInteger(top))
      throw new RangeError(`[attribench] dual weights sum to ${top}, expected below 2^53`);
    const squares = this.#q * this.#q + this.#p * this.#p;
    this.#target = nextDown(nextDown(nextDown(top / nextUp(Math.sqrt(squares))) * share));
    this.#kink = this.#ray([this.#q, ...new Array<number>(this.#n - 1).fill(0), -this.#p]);
    // F(kink) |kink| = g |kink|^2 is what makes the conjecture's own linear function touch; integers, exact below 2^53.
    if (this.#tight && (this.#kink.value !== top || this.#kink.magnitude > 2 ** 53)) {
      throw new Error(`[attribench] cone bound: F at the kink atom is ${this.#kink.value}, expected ${top}`);
    }
    this.#bounds = new Float64Array(rays);
    this.#multipliers = new Float64Array(rays);
    this.#gram = new Float64Array(rays * rays);
    this.#alphas = new Float64Array(count);
    this.#concave = new Int32Array(count);
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
      const z = this.#settle(rays);
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
      const { first, second, middle } = this.#cut(rays);
      if (!middle) return { proved: false, cones, why: 'numbers too large', direction: this.#worst(rays) };
      const ray = this.#ray(middle);
      for (const replaced of [first, second]) {
        stack.push({ rays: rays.map((old, at) => (at === replaced ? ray : old)), depth: depth + 1 });
      }
    }
    return { proved: true, cones, leaves, depth: deepest };
  }

  /** r_1 >= .. >= r_n as six simplicial cones: both signs of (1,..,1), and the b axis cut at the kink atom. */
  #chamber(): Ray[][] {
    const n = this.#n;
    const step = (ones: number, sign: number): Ray =>
      this.#ray(Array.from({ length: n + 1 }, (_, at) => (at < ones ? sign : 0)));
    const middle = Array.from({ length: Math.max(0, n - 2) }, (_, at) => step(at + 2, 1));
    const up = this.#ray([...new Array<number>(n).fill(0), 1]);
    const down = this.#ray([...new Array<number>(n).fill(0), -1]);
    return [step(n, 1), step(n, -1)].flatMap((edge) => {
      // For n = 1 the chamber is the whole plane and the kink atom cuts one quadrant alone.
      if (n === 1) {
        const positive = (edge.coordinates[0] ?? 0) > 0;
        return positive
          ? [
              [edge, up],
              [edge, this.#kink],
              [this.#kink, down],
            ]
          : [
              [edge, up],
              [edge, down],
            ];
      }
      const first = step(1, 1);
      return [
        [first, ...middle, edge, up],
        [first, ...middle, edge, this.#kink],
        [this.#kink, ...middle, edge, down],
      ];
    });
  }

  #ray(coordinates: ArrayLike<number>): Ray {
    const { points, weights } = this.#measure;
    const n = this.#n;
    const theta = Float64Array.from(coordinates);
    const count = weights.length;
    const words = this.#words;
    const plus = new Float64Array(count);
    const minus = new Float64Array(count);
    const signs = new Int32Array(4 * words);
    const offset = this.#q * at(theta, n);
    let squares = 0;
    for (const x of theta) squares += x * x;
    let value = 0;
    let magnitude = 0;
    for (let k = 0, base = 0; k < count; k++, base += n) {
      let dot = 0;
      for (let i = 0; i < n; i++) dot += at(points, base + i) * at(theta, i);
      const a = dot + offset;
      const b = offset - dot;
      plus[k] = a;
      minus[k] = b;
      const weight = at(weights, k);
      value += weight * ((a > 0 ? a : 0) - (b > 0 ? b : 0));
      magnitude += weight * (Math.abs(a) + Math.abs(b));
      const word = k >> 5;
      const bit = 1 << (k & 31);
      if (a !== 0) {
        const from = a > 0 ? word : words + word;
        signs[from] = bitsAt(signs, from) | bit;
      }
      if (b !== 0) {
        const from = b > 0 ? 2 * words + word : 3 * words + word;
        signs[from] = bitsAt(signs, from) | bit;
      }
    }
    return { coordinates: theta, length: Math.sqrt(squares), plus, minus, signs, value, magnitude };
  }

  /** The z that settles a cone, or undefined. */
  #settle(rays: readonly Ray[]): Float64Array | 'kink' | undefined {
    const atKink = this.#tight && rays.includes(this.#kink);
    this.#findConcave(rays);
    // Near the kink atom the bound must be exact at the atom itself: alpha is phi's slope there.
    this.#chooseAlphas(rays, atKink);
    this.#computeBounds(rays);
    if (atKink) return this.#belowKink(rays) ? 'kink' : undefined;
    return this.#smallestNorm(rays);
  }

  /** Points whose concave term -phi(minus) has its kink inside the cone. */
  #findConcave(rays: readonly Ray[]): void {
    this.#concaveCount = this.#undecided(rays, 2 * this.#words, this.#concave);
  }

  /** Writes the points that are positive on one ray and negative on another; returns how many. */
  #undecided(rays: readonly Ray[], base: number, into: Int32Array): number {
    let count = 0;
    for (let word = 0; word < this.#words; word++) {
      let positive = 0;
      let negative = 0;
      for (const ray of rays) {
        positive |= bitsAt(ray.signs, base + word);
        negative |= bitsAt(ray.signs, base + this.#words + word);
      }
      for (let both = positive & negative; both !== 0; both &= both - 1) {
        into[count] = (word << 5) + 31 - Math.clz32(both & -both);
        count += 1;
      }
    }
    return count;
  }

  #chooseAlphas(rays: readonly Ray[], atKink: boolean): void {
    for (let c = 0; c < this.#concaveCount; c++) {
      const k = bitsAt(this.#concave, c);
      const slope = atKink ? at(this.#kink.minus, k) : 0;
      if (slope !== 0) {
        this.#alphas[k] = slope > 0 ? 1 : 0;
        continue;
      }
      let positive = 0;
      let negative = 0;
      for (const ray of rays) {
        const t = at(ray.minus, k) / ray.length;
        if (t > 0) positive += t;
        else negative -= t;
      }
      this.#alphas[k] = positive / (positive + negative);
    }
  }

  /** Upper ends of the l_i. */
  #computeBounds(rays: readonly Ray[]): void {
    const { weights } = this.#measure;
    const operations = 8 + 8 * weights.length;
    for (let i = 0; i < rays.length; i++) {
      const ray = rayAt(rays, i);
      let correction = 0;
      for (let c = 0; c < this.#concaveCount; c++) {
        const k = bitsAt(this.#concave, c);
        const t = at(ray.minus, k);
        const alpha = at(this.#alphas, k);
        correction += at(weights, k) * (t > 0 ? (1 - alpha) * t : -alpha * t);
      }
      // Every term is at most weight |minus|, which `magnitude` counts, so it bounds both sums' terms.
      this.#bounds[i] = nextUp(ray.value + correction + nextUp(operations * UNIT * 2 * ray.magnitude));
    }
  }

  /** l_i < <z,v_i> at every ray but the kink atom, for z = g kink/|kink| (rational: sides are multiplied out). */
  #belowKink(rays: readonly Ray[]): boolean {
    const { coordinates } = this.#kink;
    const squares = this.#q * this.#q + this.#p * this.#p;
    for (let i = 0; i < rays.length; i++) {
      const ray = rayAt(rays, i);
      if (ray === this.#kink) continue;
      const dot = at(coordinates, 0) * at(ray.coordinates, 0) + at(coordinates, this.#n) * at(ray.coordinates, this.#n);
      const left = nextUp(at(this.#bounds, i) * squares);
      if (!(left < nextDown(this.#kink.value * dot))) return false;
    }
    return true;
  }

  /** Looks for the shortest z with <z,v_i> >= l_i (Hildreth's method), then checks it rigorously. */
  #smallestNorm(rays: readonly Ray[]): Float64Array | undefined {
    const size = rays.length;
    const multipliers = this.#multipliers.fill(0);
    const gram = this.#gram;
    for (let i = 0; i < size; i++) {
      for (let j = 0; j <= i; j++) {
        const a = rayAt(rays, i);
        const b = rayAt(rays, j);
        let dot = 0;
        for (let k = 0; k < size; k++) dot += at(a.coordinates, k) * at(b.coordinates, k);
        gram[i * size + j] = gram[j * size + i] = dot / (a.length * b.length);
      }
    }
    for (let sweep = 0; sweep < 60; sweep++) {
      let change = 0;
      for (let i = 0; i < size; i++) {
        let next = at(this.#bounds, i) / rayAt(rays, i).length;
        for (let j = 0; j < size; j++) if (j !== i) next -= at(gram, i * size + j) * at(multipliers, j);
        next = Math.max(0, next);
        change = Math.max(change, Math.abs(next - at(multipliers, i)));
        multipliers[i] = next;
      }
      if (change < 1e-4 * this.#target) break;
    }
    const z = new Float64Array(size);
    for (let i = 0; i < size; i++) {
      const ray = rayAt(rays, i);
      for (let k = 0; k < size; k++) z[k] = at(z, k) + (at(multipliers, i) * at(ray.coordinates, k)) / ray.length;
    }
    return this.#certifies(rays, z) ? z : undefined;
  }

  /** l_i |z| < g <z,v_i> at every ray, rounded against us; with z = 0: every l_i is negative. */
  #certifies(rays: readonly Ray[], z: Float64Array): boolean {
    let squares = 0;
    for (const x of z) squares += x * x;
    if (squares === 0) return this.#bounds.every((bound) => bound < 0);
    const norm = nextUp(Math.sqrt(squares * (1 + 2 * z.length * UNIT)));
    for (let i = 0; i < rays.length; i++) {
      const { coordinates } = rayAt(rays, i);
      let dot = 0;
      let size = 0;
      for (let k = 0; k < z.length; k++) {
        const term = at(z, k) * at(coordinates, k);
        dot += term;
        size += Math.abs(term);
      }
      const below = nextDown(dot - nextUp(2 * z.length * UNIT * size));
      if (!(nextUp(at(this.#bounds, i) * norm) < nextDown(this.#target * below))) return false;
    }
    return true;
  }

  /** A ray of this cone where F exceeds the target (floating point: it only ends the attempt). */
  #violation(rays: readonly Ray[]): readonly number[] | undefined {
    const slack = 1 + 1e-12;
    for (const ray of rays) {
      if (ray !== this.#kink && ray.value > this.#target * ray.length * slack) return [...ray.coordinates];
    }
    if (!this.#tight || !rays.includes(this.#kink)) return undefined;
    // Close to the kink atom F is exactly linear, so a ray above its linear function is a violation near it.
    const squares = this.#q * this.#q + this.#p * this.#p;
    for (const ray of rays) {
      if (ray === this.#kink) continue;
      const scale = Math.ceil((1000 * ray.length) / this.#kink.length);
      const near = this.#ray(ray.coordinates.map((x, k) => x + scale * at(this.#kink.coordinates, k)));
      const dot = this.#q * at(near.coordinates, 0) - this.#p * at(near.coordinates, this.#n);
      if (near.value * squares > this.#kink.value * dot * slack) return [...near.coordinates];
    }
    return undefined;
  }

  #worst(rays: readonly Ray[]): readonly number[] {
    let worst = rayAt(rays, 0);
    for (const ray of rays) if (ray.value / ray.length > worst.value / worst.length) worst = ray;
    return [...worst.coordinates];
  }

  /** The edge that carries most kinks, cut on one of their hyperplanes where one lies near the middle. */
  #cut(rays: readonly Ray[]): { first: number; second: number; middle: number[] | undefined } {
    const convex = new Int32Array(this.#measure.weights.length);
    const convexCount = this.#undecided(rays, 0, convex);
    let first = 0;
    let second = 1;
    let best = 0;
    for (let i = 0; i < rays.length; i++) {
      for (let j = i + 1; j < rays.length; j++) {
        const error = this.#kinksOnEdge(rayAt(rays, i), rayAt(rays, j));
        if (error > best) {
          best = error;
          first = i;
          second = j;
        }
      }
    }
    if (best === 0) [first, second] = longestEdge(rays);
    const a = rayAt(rays, first);
    const b = rayAt(rays, second);
    const aim = Math.min(0.7, Math.max(0.3, this.#centreOfKinks(a, b)));
    return { first, second, middle: this.#hyperplaneCut(a, b, aim, convex, convexCount) ?? this.#plainCut(a, b, aim) };
  }

  /** How much of F's kinks an edge carries: weight * s t / (s + t), s and t the distances of its ends. */
  #kinksOnEdge(a: Ray, b: Ray): number {
    return (
      this.#crossings(a, b, 2 * this.#words, a.minus, b.minus).error + this.#crossings(a, b, 0, a.plus, b.plus).error
    );
  }

  /** Where on the edge its kinks lie on average, 0 at a and 1 at b. */
  #centreOfKinks(a: Ray, b: Ray): number {
    const concave = this.#crossings(a, b, 2 * this.#words, a.minus, b.minus);
    const convex = this.#crossings(a, b, 0, a.plus, b.plus);
    const error = concave.error + convex.error;
    return error > 0 ? (concave.moment + convex.moment) / error : 0.5;
  }

  #crossings(a: Ray, b: Ray, base: number, onA: Float64Array, onB: Float64Array): { error: number; moment: number } {
    const { weights } = this.#measure;
    const words = this.#words;
    let error = 0;
    let moment = 0;
    for (let word = base; word < base + words; word++) {
      const rising = bitsAt(a.signs, words + word) & bitsAt(b.signs, word);
      const falling = bitsAt(a.signs, word) & bitsAt(b.signs, words + word);
      for (let crossed = rising | falling; crossed !== 0; crossed &= crossed - 1) {
        const k = ((word - base) << 5) + 31 - Math.clz32(crossed & -crossed);
        const s = Math.abs(at(onA, k)) * b.length;
        const t = Math.abs(at(onB, k)) * a.length;
        const share = s / (s + t);
        const term = at(weights, k) * share * t;
        error += term;
        moment += term * share;
      }
    }
    const scale = 1 / (a.length * b.length);
    return { error: error * scale, moment: moment * scale };
  }

  #hyperplaneCut(a: Ray, b: Ray, aim: number, convex: Int32Array, convexCount: number): number[] | undefined {
    let distance = 0.15;
    let chosen: number[] | undefined;
    const consider = (s: number, t: number): void => {
      if (s * t >= 0) return;
      const x = Math.abs(s) / a.length;
      const y = Math.abs(t) / b.length;
      const off = Math.abs(x / (x + y) - aim);
      if (off >= distance) return;
      const divisor = greatestCommonDivisor(s, t);
      const middle = this.#combine(a, Math.abs(t) / divisor, b, Math.abs(s) / divisor, this.#limit / 1024);
      if (!middle) return;
      chosen = middle;
      distance = off;
    };
    for (let c = 0; c < this.#concaveCount; c++) {
      const k = bitsAt(this.#concave, c);
      consider(at(a.minus, k), at(b.minus, k));
    }
    for (let c = 0; c < convexCount; c++) {
      const k = bitsAt(convex, c);
      consider(at(a.plus, k), at(b.plus, k));
    }
    return chosen;
  }

  /** A combination with small weights near the aim. */
  #plainCut(a: Ray, b: Ray, aim: number): number[] | undefined {
    const x = (1 - aim) / a.length;
    const y = aim / b.length;
    const share = y / (x + y);
    let best = Number.POSITIVE_INFINITY;
    let weights: [number, number] = [1, 1];
    for (let total = 2; total <= 12; total++) {
      const part = Math.min(total - 1, Math.max(1, Math.round(share * total)));
      const error = Math.abs(part / total - share) * Math.sqrt(total);
      if (error < best - 1e-12) {
        best = error;
        weights = [total - part, part];
      }
    }
    if (share < 1 / 24) weights = [Math.round(1 / share), 1];
    if (share > 23 / 24) weights = [1, Math.round(1 / (1 - share))];
    return this.#combine(a, weights[0], b, weights[1], this.#limit);
  }

  /** s a + t b in lowest terms, or undefined where a coordinate would pass the limit or lose a digit. */
  #combine(a: Ray, s: number, b: Ray, t: number, limit: number): number[] | undefined {
    const sum: number[] = [];
    let divisor = 0;
    for (let k = 0; k < a.coordinates.length; k++) {
      const x = s * at(a.coordinates, k);
      const y = t * at(b.coordinates, k);
      if (!Number.isSafeInteger(x) || !Number.isSafeInteger(y) || !Number.isSafeInteger(x + y)) return undefined;
      sum.push(x + y);
      divisor = greatestCommonDivisor(divisor, x + y);
    }
    const middle = sum.map((x) => x / divisor);
    return middle.every((x) => Math.abs(x) < limit) ? middle : undefined;
  }
}

/** Points of the orbits for every signal coordinate, scaled by q. */
function spread(n: number, p: number, q: number, dual: readonly DualOrbit[]): Measure {
  const points: number[] = [];
  const weights: number[] = [];
  let total = 0;
  for (const { signs, weight } of dual) {
    if (signs.length !== n - 1 || signs.some((sign) => ![-1, 0, 1].includes(sign))) {
      throw new RangeError(`[attribench] dual orbit has signs [${signs}], expected ${n - 1} entries of -1, 0 or 1`);
    }
    if (!Number.isSafeInteger(weight) || weight <= 0) {
      throw new RangeError(`[attribench] dual orbit has weight ${weight}, expected a positive integer`);
    }
    for (const rest of distinctPermutations(signs)) {
      total += weight;
      for (let j = 0; j < n; j++) {
        points.push(...rest.slice(0, j).map((sign) => p * sign), q - p, ...rest.slice(j).map((sign) => p * sign));
        weights.push(weight);
      }
    }
  }
  return { points: Float64Array.from(points), weights: Float64Array.from(weights), total };
}

function longestEdge(rays: readonly Ray[]): [number, number] {
  let longest = -1;
  let edge: [number, number] = [0, 1];
  for (let i = 0; i < rays.length; i++) {
    for (let j = i + 1; j < rays.length; j++) {
      const a = rayAt(rays, i);
      const b = rayAt(rays, j);
      let squares = 0;
      for (let k = 0; k < rays.length; k++)
        squares += (at(a.coordinates, k) / a.length - at(b.coordinates, k) / b.length) ** 2;
      if (squares > longest) {
        longest = squares;
        edge = [i, j];
      }
    }
  }
  return edge;
}

function safeInteger(value: Rational, part: 'numerator' | 'denominator'): number {
  const integer = Number(value[part]);
  if (Math.abs(integer) > 1e6) {
    throw new RangeError(`[attribench] cone bound: eps is ${value}, expected a fraction with parts of at most 10^6`);
  }
  return integer;
}

function greatestCommonDivisor(a: number, b: number): number {
  let x = Math.abs(a);
  let y = Math.abs(b);
  while (y !== 0) [x, y] = [y, x % y];
  return x;
}

// Indices here are in range by construction. One reader per array type: V8 keeps each access monomorphic.
function at(values: Float64Array, index: number): number {
  return values[index] as number;
}

function bitsAt(values: Int32Array, index: number): number {
  return values[index] as number;
}

function rayAt(rays: readonly Ray[], index: number): Ray {
  return rays[index] as Ray;
}
