/**
 * F of each orbit of a measure, and of their mixtures, with gradients: floating point.
 */
import { type Game, orbitPoints } from '../game.ts';
import * as indexing from '../indexing.ts';

// Bound once: see indexing.ts.
const { at } = indexing;

interface ValueAndGradient<Vector> {
  readonly value: number;
  readonly gradient: Vector;
}

export class OrbitFunctions {
  /** The signs of each orbit. */
  readonly orbits: readonly (readonly number[])[];
  readonly #n: number;
  /** Points of each orbit for every signal coordinate, one after the other, n numbers a point. */
  readonly #points: readonly Float64Array[];

  constructor({ n, eps }: Game, withZeros: boolean) {
    const noise = eps.toNumber();
    this.#n = n;
    this.orbits = signOrbits(n, withZeros);
    this.#points = this.orbits.map((signs) => Float64Array.from(orbitPoints(signs, 1 - noise, noise).flat()));
  }

  /** F_k(theta) of every orbit. */
  values(theta: readonly number[]): readonly number[] {
    return this.#points.map((points) => this.#evaluate(points, theta).value);
  }

  /** sum_k p_k F_k and its gradient. */
  mixture(masses: readonly number[], theta: readonly number[]): ValueAndGradient<number[]> {
    const gradient = new Array<number>(this.#n + 1).fill(0);
    let value = 0;
    for (const [k, points] of this.#points.entries()) {
      const mass = masses[k] ?? 0;
      if (mass < 1e-12) continue;
      const own = this.#evaluate(points, theta);
      value += mass * own.value;
      for (const [at, x] of own.gradient.entries()) gradient[at] = (gradient[at] ?? 0) + mass * x;
    }
    return { value, gradient };
  }

  /** F_k and its gradient: the mean over the orbit's sign patterns, summed over signal coordinates. */
  #evaluate(points: Float64Array, theta: readonly number[]): ValueAndGradient<Float64Array> {
    const n = this.#n;
    const count = points.length / n;
    const r = Float64Array.from(theta);
    const bias = at(r, n);
    const gradient = new Float64Array(n + 1);
    let value = 0;
    for (let k = 0, base = 0; k < count; k++, base += n) {
      let product = 0;
      for (let i = 0; i < n; i++) product += at(points, base + i) * at(r, i);
      const plus = product + bias;
      const minus = bias - product;
      if (plus <= 0 && minus <= 0) continue;
      const active = (plus > 0 ? 1 : 0) + (minus > 0 ? 1 : 0);
      value += (plus > 0 ? plus : 0) - (minus > 0 ? minus : 0);
      for (let i = 0; i < n; i++) gradient[i] = at(gradient, i) + active * at(points, base + i);
      if (active === 1) gradient[n] = at(gradient, n) + (plus > 0 ? 1 : -1);
    }
    // An orbit holds n points, one a signal coordinate, for each sign pattern.
    const patterns = count / n;
    for (let i = 0; i <= n; i++) gradient[i] = at(gradient, i) / patterns;
    return { value: value / patterns, gradient };
  }
}

/** Orbits of signs: k negatives and z zeros among n - 1, z = 0 unless zeros are wanted. */
function signOrbits(n: number, withZeros: boolean): number[][] {
  return Array.from({ length: withZeros ? n : 1 }, (_, zeros) =>
    Array.from({ length: n - zeros }, (__, negatives) =>
      Array.from({ length: n - 1 }, (___, at) => (at < negatives ? -1 : at < negatives + zeros ? 0 : 1)),
    ),
  ).flat();
}
