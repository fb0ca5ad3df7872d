/**
 * q* as a finite measure, and the best response to a measure by ascent over the sphere: evidence, not proof.
 */
import type { Stream } from 'attribench';
import type { Setting } from '../../datasets/simplified-blockmnist/distribution.ts';
import type { DualMeasure } from './branch-and-bound.ts';

/** q*: y uniform on +-1, j uniform on 1 .. d/2, x = y a_j, the relevant blocks alone disturbed by -eta y u*. */
export function dualMeasure({ blocks, dimension, noise, direction }: Setting): DualMeasure {
  const n = blocks / 2;
  const points: number[][] = [];
  const labels: number[] = [];
  for (const label of [1, -1]) {
    for (let signal = 0; signal < n; signal++) {
      const point = new Array<number>(blocks * dimension).fill(0);
      for (let k = 0; k < n * dimension; k++) {
        const along = (Math.floor(k / dimension) === signal ? 1 : 0) - noise;
        point[k] = label * along * (direction[k % dimension] ?? 0);
      }
      points.push(point);
      labels.push(label);
    }
  }
  return { points, labels, weights: points.map(() => 1 / (2 * n)) };
}

/**
 * The largest E_q[y w phi(<r,x> + b)] that ascent over the sphere finds from `starts` random neurons.
 *
 * A neuron's value for w = 1/sqrt2 is H(v) / 2 at |v| = 1 (see branch-and-bound.ts); each ascent takes steps
 * along the gradient that shrink from 1 to nothing. A lower bound up to rounding, and no upper bound at all.
 */
export function searchBestResponse({ points, labels, weights }: DualMeasure, starts: number, stream: Stream): number {
  const size = (points[0]?.length ?? 0) + 1;
  const rows = Float64Array.from(points.flatMap((point) => [...point, 1]));
  const factors = weights.map((weight, i) => weight * (labels[i] ?? 0));
  const gradient = new Float64Array(size);
  /** H(v), its gradient left in `gradient`. */
  const valueAt = (v: Float64Array) => {
    gradient.fill(0);
    let value = 0;
    for (let i = 0; i < factors.length; i++) {
      let z = 0;
      for (let k = 0; k < size; k++) z += (rows[i * size + k] as number) * (v[k] as number);
      if (z <= 0) continue;
      const factor = factors[i] as number;
      value += factor * z;
      for (let k = 0; k < size; k++) gradient[k] = (gradient[k] as number) + factor * (rows[i * size + k] as number);
    }
    return value;
  };
  let best = 0;
  for (let start = 0; start < starts; start++) {
    let v = unit(Float64Array.from(stream.normals(size)));
    for (let step = 0; step < ASCENT; step++) {
      const value = valueAt(v);
      best = Math.max(best, Math.abs(value) / 2);
      const sign = value < 0 ? -1 : 1;
      const norm = Math.hypot(...gradient);
      if (norm === 0) break;
      const length = (sign * SHRINK ** step) / norm;
      v = unit(v.map((entry, k) => entry + length * (gradient[k] as number)));
    }
  }
  return best;
}

/** Steps of an ascent, and by how much each is shorter than the one before. */
const ASCENT = 120;
const SHRINK = 0.9;

function unit(v: Float64Array): Float64Array {
  const length = Math.hypot(...v);
  return v.map((entry) => entry / length);
}
