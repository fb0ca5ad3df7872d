/**
 * Where a cone is cut in two: on the edge that carries most kinks of F, on one of their hyperplanes where it can be.
 *
 * Rays are integer vectors, kept below a limit where every <x,v> is an exact double.
 */
import { greatestCommonDivisorOfDoubles } from '../../rigorous/divisors.ts';
import * as indexing from '../indexing.ts';
import type { DualFunction, Ray } from './dual-function.ts';
import * as onRays from './dual-function.ts';

// Bound once: see indexing.ts.
const { at, bitsAt } = indexing;
const { rayAt, valuesOn } = onRays;

/** Rays `first` and `second` are replaced by `middle` in turn; it is undefined where its numbers grow too large. */
interface Cut {
  readonly first: number;
  readonly second: number;
  readonly middle: readonly number[] | undefined;
}

/** Cuts cones of one F. */
export class ConeCutter {
  readonly #f: DualFunction;
  readonly #limit: number;
  readonly #undecided: Int32Array;

  constructor(f: DualFunction) {
    this.#f = f;
    this.#limit = Math.floor(2 ** 53 / (f.q * (f.n + 1)));
    this.#undecided = new Int32Array(f.weights.length);
  }

  cut(rays: readonly Ray[]): Cut {
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
    return { first, second, middle: this.#hyperplaneCut(rays, a, b, aim) ?? plainCut(a, b, aim, this.#limit) };
  }

  /** How much of F's kinks an edge carries. */
  #kinksOnEdge(a: Ray, b: Ray): number {
    return this.#f.kinksBetween(a, b, 'minus').error + this.#f.kinksBetween(a, b, 'plus').error;
  }

  /** Where on the edge its kinks lie on average, 0 at a and 1 at b. */
  #centreOfKinks(a: Ray, b: Ray): number {
    const concave = this.#f.kinksBetween(a, b, 'minus');
    const convex = this.#f.kinksBetween(a, b, 'plus');
    const error = concave.error + convex.error;
    return error > 0 ? (concave.moment + convex.moment) / error : 0.5;
  }

  #hyperplaneCut(rays: readonly Ray[], a: Ray, b: Ray, aim: number): number[] | undefined {
    let distance = 0.15;
    let chosen: number[] | undefined;
    for (const term of ['minus', 'plus'] as const) {
      const count = this.#f.undecided(rays, term, this.#undecided);
      const onA = valuesOn(a, term);
      const onB = valuesOn(b, term);
      for (let c = 0; c < count; c++) {
        const k = bitsAt(this.#undecided, c);
        const s = at(onA, k);
        const t = at(onB, k);
        if (s * t >= 0) continue;
        const x = Math.abs(s) / a.length;
        const y = Math.abs(t) / b.length;
        const off = Math.abs(x / (x + y) - aim);
        if (off >= distance) continue;
        const divisor = greatestCommonDivisorOfDoubles(s, t);
        const middle = combine(a, Math.abs(t) / divisor, b, Math.abs(s) / divisor, this.#limit / 1024);
        if (!middle) continue;
        chosen = middle;
        distance = off;
      }
    }
    return chosen;
  }
}

/** A combination with small weights near the aim. */
function plainCut(a: Ray, b: Ray, aim: number, limit: number): number[] | undefined {
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
  return combine(a, weights[0], b, weights[1], limit);
}

/** s a + t b in lowest terms, or undefined where a coordinate would pass the limit or lose a digit. */
function combine(a: Ray, s: number, b: Ray, t: number, limit: number): number[] | undefined {
  const sum: number[] = [];
  let divisor = 0;
  for (let k = 0; k < a.coordinates.length; k++) {
    const x = s * at(a.coordinates, k);
    const y = t * at(b.coordinates, k);
    if (!Number.isSafeInteger(x) || !Number.isSafeInteger(y) || !Number.isSafeInteger(x + y)) return undefined;
    sum.push(x + y);
    divisor = greatestCommonDivisorOfDoubles(divisor, x + y);
  }
  const middle = sum.map((x) => x / divisor);
  return middle.every((x) => Math.abs(x) < limit) ? middle : undefined;
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
