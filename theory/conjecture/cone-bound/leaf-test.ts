/**
 * Whether a cone needs no further cut, as F lies below a linear function on all of it: rigorous where it says yes.
 *
 * F, g, z, alpha and l_i are those of cone-bound.ts.
 */
import { nextDown, nextUp } from '../../rigorous/interval.ts';
import * as indexing from '../indexing.ts';
import type { DualFunction, Ray } from './dual-function.ts';
import * as onRays from './dual-function.ts';

// Bound once: see indexing.ts.
const { at, bitsAt } = indexing;
const { rayAt } = onRays;

const UNIT = 2 ** -52;

export class LeafTest {
  readonly #f: DualFunction;
  /** g, rounded down. */
  readonly #target: number;
  /** Whether cones at the kink atom are settled by its own linear function. */
  readonly #tight: boolean;
  readonly #bounds: Float64Array;
  readonly #alphas: Float64Array;
  readonly #gram: Float64Array;
  readonly #multipliers: Float64Array;
  /** Points whose concave term -phi(minus) has its kink inside the cone. */
  readonly #concave: Int32Array;
  #concaveCount = 0;

  constructor(f: DualFunction, target: number, tight: boolean) {
    this.#f = f;
    this.#target = target;
    this.#tight = tight;
    const rays = f.n + 1;
    const count = f.weights.length;
    this.#bounds = new Float64Array(rays);
    this.#multipliers = new Float64Array(rays);
    this.#gram = new Float64Array(rays * rays);
    this.#alphas = new Float64Array(count);
    this.#concave = new Int32Array(count);
  }

  /** The z that settles a cone, or undefined. */
  settle(rays: readonly Ray[]): Float64Array | 'kink' | undefined {
    const atKink = this.#tight && rays.includes(this.#f.kink);
    this.#concaveCount = this.#f.undecided(rays, 'minus', this.#concave);
    // Near the kink atom the bound must be exact at the atom itself: alpha is phi's slope there.
    this.#chooseAlphas(rays, atKink);
    this.#computeBounds(rays);
    if (atKink) return this.#belowKink(rays) ? 'kink' : undefined;
    return this.#smallestNorm(rays);
  }

  #chooseAlphas(rays: readonly Ray[], atKink: boolean): void {
    for (let c = 0; c < this.#concaveCount; c++) {
      const k = bitsAt(this.#concave, c);
      const slope = atKink ? at(this.#f.kink.minus, k) : 0;
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
    const { weights } = this.#f;
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
    const { coordinates } = this.#f.kink;
    const squares = this.#f.q * this.#f.q + this.#f.p * this.#f.p;
    for (let i = 0; i < rays.length; i++) {
      const ray = rayAt(rays, i);
      if (ray === this.#f.kink) continue;
      const dot =
        at(coordinates, 0) * at(ray.coordinates, 0) + at(coordinates, this.#f.n) * at(ray.coordinates, this.#f.n);
      const left = nextUp(at(this.#bounds, i) * squares);
      if (!(left < nextDown(this.#f.kink.value * dot))) return false;
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
}
