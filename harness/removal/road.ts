/**
 * Noisy linear imputation: a removed coordinate becomes the weighted mean of its neighbours in the same
 * channel, known or imputed, plus a little noise.
 *
 * Rong, Leemann, Borisov, Kasneci, Kasneci, "A Consistent and Efficient Evaluation for Feature Attribution
 * Methods", ICML 2022, section 4.2. Neighbours beside weigh 1/6, across a corner 1/12; at the image's border
 * the weights of those that exist are scaled to 1, as in the authors' code. The equations of a channel form a
 * symmetric positive definite matrix whose band is a row of pixels wide, so that Cholesky's factor within the
 * band solves them directly: no tolerance, and no iterations that grow with the holes.
 */
import type { ImageShape } from '../contracts.ts';
import type { Stream } from '../random.ts';

const BESIDE = 1 / 6;
const ACROSS = 1 / 12;

/** Standard deviation of the noise, in shares of the range of valid values; the authors' default. */
export const ROAD_NOISE = 0.01;

/**
 * Replaces the removed coordinates of one image in place, then adds normal noise of standard deviation `noise`.
 *
 * A channel of which nothing is kept has no neighbours to start from and becomes `unknown`, [size], there.
 * The result is not cut to the range of valid values, as in the authors' code.
 */
export function imputeLinearly(
  image: Float32Array,
  mask: Uint8Array,
  [height, width, channels]: ImageShape,
  unknown: Float32Array,
  noise: number,
  stream: Stream,
): void {
  for (let channel = 0; channel < channels; channel++) {
    const system = equations(image, mask, height, width, channels, channel);
    const solved = system.order.length === height * width ? null : solveBanded(system);
    system.order.forEach((pixel, row) => {
      const at = pixel * channels + channel;
      image[at] = solved === null ? (unknown[at] as number) : (solved[row] as number);
    });
  }
  // One number a coordinate, removed or not: a coordinate's noise does not depend on the rest of the mask.
  const normals = stream.normals(image.length);
  for (let i = 0; i < image.length; i++) {
    if (mask[i] === 0) image[i] = (image[i] as number) + noise * (normals[i] as number);
  }
}

/** The removed pixels of a channel, and for each the equation sum of weights x (own value - neighbour's) = 0. */
interface Banded {
  /** Removed pixels in ascending order: the unknowns. */
  readonly order: Uint32Array;
  /** Largest distance between unknowns that share an equation. */
  readonly band: number;
  /** Lower triangle by rows: entry (row, row - d) at row * (band + 1) + d. */
  readonly lower: Float64Array;
  readonly right: Float64Array;
}

function equations(
  image: Float32Array,
  mask: Uint8Array,
  height: number,
  width: number,
  channels: number,
  channel: number,
): Banded {
  const rows = new Int32Array(height * width).fill(-1);
  const order = Uint32Array.from(rows.keys()).filter((pixel) => mask[pixel * channels + channel] === 0);
  order.forEach((pixel, row) => {
    rows[pixel] = row;
  });
  /** Calls back for each neighbour of a pixel that lies in the image, with its weight. */
  const neighbours = (pixel: number, call: (neighbour: number, weight: number) => void) => {
    const [y, x] = [Math.floor(pixel / width), pixel % width];
    for (let dy = -1; dy <= 1; dy++) {
      for (let dx = -1; dx <= 1; dx++) {
        if ((dy === 0 && dx === 0) || y + dy < 0 || y + dy >= height || x + dx < 0 || x + dx >= width) continue;
        call(pixel + dy * width + dx, dy === 0 || dx === 0 ? BESIDE : ACROSS);
      }
    }
  };
  let band = 0;
  order.forEach((pixel, row) => {
    neighbours(pixel, (neighbour) => {
      const other = rows[neighbour] as number;
      if (other >= 0) band = Math.max(band, row - other);
    });
  });
  const lower = new Float64Array(order.length * (band + 1));
  const right = new Float64Array(order.length);
  order.forEach((pixel, row) => {
    const diagonal = row * (band + 1);
    neighbours(pixel, (neighbour, weight) => {
      lower[diagonal] = (lower[diagonal] as number) + weight;
      const other = rows[neighbour] as number;
      if (other < 0) right[row] = (right[row] as number) + weight * (image[neighbour * channels + channel] as number);
      else if (other < row) lower[diagonal + row - other] = -weight;
    });
  });
  return { order, band, lower, right };
}

/** Cholesky within the band, in place; then forward and backward substitution. Returns `right`, solved. */
function solveBanded({ order, band, lower, right }: Banded): Float64Array {
  const n = order.length;
  const stride = band + 1;
  for (let row = 0; row < n; row++) {
    const first = Math.max(0, row - band);
    let diagonal = lower[row * stride] as number;
    let value = right[row] as number;
    for (let column = first; column < row; column++) {
      let sum = lower[row * stride + row - column] as number;
      for (let k = Math.max(first, column - band); k < column; k++) {
        sum -= (lower[row * stride + row - k] as number) * (lower[column * stride + column - k] as number);
      }
      const entry = sum / (lower[column * stride] as number);
      lower[row * stride + row - column] = entry;
      diagonal -= entry * entry;
      value -= entry * (right[column] as number);
    }
    const root = Math.sqrt(diagonal);
    lower[row * stride] = root;
    right[row] = value / root;
  }
  for (let row = n - 1; row >= 0; row--) {
    let value = right[row] as number;
    for (let below = row + 1; below <= Math.min(n - 1, row + band); below++) {
      value -= (lower[below * stride + below - row] as number) * (right[below] as number);
    }
    right[row] = value / (lower[row * stride] as number);
  }
  return right;
}
