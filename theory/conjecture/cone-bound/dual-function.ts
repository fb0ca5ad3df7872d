/**
 * The cone bound's F, of one dual measure, on rays: exact pre-activations, their signs as bit sets, the value rounded.
 */
import type { Rational } from '../../rigorous/rational.ts';
import { type DualOrbit, type Game, orbitPoints } from '../game.ts';
import * as indexing from '../indexing.ts';

// Bound once: see indexing.ts.
const { at, bitsAt } = indexing;

export interface Ray {
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

/** In range by construction, as in indexing.ts. */
export function rayAt(rays: readonly Ray[], index: number): Ray {
  return rays[index] as Ray;
}

/** The terms of a point: phi of its pre-activation is convex in F, -phi of the mirrored one concave. */
export type Term = 'plus' | 'minus';

/** The term's pre-activations; not looked up by name, which is slower. */
export function valuesOn(ray: Ray, term: Term): Float64Array {
  return term === 'plus' ? ray.plus : ray.minus;
}

/** F(theta) = sum over points of weight [phi(<x,r> + q b) - phi(-<x,r> + q b)], theta = (r, b), points scaled by q. */
export class DualFunction {
  readonly n: number;
  /** eps = p/q. */
  readonly p: number;
  readonly q: number;
  readonly weights: Float64Array;
  /** The weight of the points with one given signal coordinate. */
  readonly total: number;
  /** The conjecture's own neuron, the kink atom. */
  readonly kink: Ray;
  /** n coordinates a point, scaled by q. */
  readonly #points: Float64Array;
  /** Length of a bit set over the points. */
  readonly #words: number;

  constructor(game: Game, dual: readonly DualOrbit[]) {
    this.n = game.n;
    this.p = safeInteger(game.eps, 'numerator');
    this.q = safeInteger(game.eps, 'denominator');
    const { points, weights, total } = spread(game, this.p, this.q, dual);
    this.#points = points;
    this.weights = weights;
    this.total = total;
    this.#words = (weights.length + 31) >> 5;
    this.kink = this.ray([this.q, ...new Array<number>(this.n - 1).fill(0), -this.p]);
  }

  ray(coordinates: ArrayLike<number>): Ray {
    const points = this.#points;
    const { weights } = this;
    const n = this.n;
    const theta = Float64Array.from(coordinates);
    const count = weights.length;
    const words = this.#words;
    const plus = new Float64Array(count);
    const minus = new Float64Array(count);
    const signs = new Int32Array(4 * words);
    const offset = this.q * at(theta, n);
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

  /** Writes the points whose term is positive on one ray and negative on another; returns how many. */
  undecided(rays: readonly Ray[], term: Term, into: Int32Array): number {
    const base = this.#firstWord(term);
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

  /**
   * The kinks of a term between two rays: weight * s t / (s + t), s and t the distances of the ends,
   * and the same times their place, 0 at a and 1 at b.
   */
  kinksBetween(a: Ray, b: Ray, term: Term): { error: number; moment: number } {
    const { weights } = this;
    const words = this.#words;
    const base = this.#firstWord(term);
    const onA = valuesOn(a, term);
    const onB = valuesOn(b, term);
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
        const own = at(weights, k) * share * t;
        error += own;
        moment += own * share;
      }
    }
    const scale = 1 / (a.length * b.length);
    return { error: error * scale, moment: moment * scale };
  }

  #firstWord(term: Term): number {
    return term === 'plus' ? 0 : 2 * this.#words;
  }
}

/** Points of the orbits for every signal coordinate, scaled by q, and their weights. */
function spread(
  { n }: Game,
  p: number,
  q: number,
  dual: readonly DualOrbit[],
): { points: Float64Array; weights: Float64Array; total: number } {
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
    const orbit = orbitPoints(signs, q - p, p);
    for (const point of orbit) {
      points.push(...point);
      weights.push(weight);
    }
    total += (weight * orbit.length) / n;
  }
  return { points: Float64Array.from(points), weights: Float64Array.from(weights), total };
}

function safeInteger(value: Rational, part: 'numerator' | 'denominator'): number {
  const integer = Number(value[part]);
  if (Math.abs(integer) > 1e6) {
    throw new RangeError(`[attribench] cone bound: eps is ${value}, expected a fraction with parts of at most 10^6`);
  }
  return integer;
}
