/**
 * Bilinear interpolation of small grids, axis by axis, with pixel centres at (i + 1/2) / size and the
 * border continued: PyTorch's `align_corners=False`, TensorFlow's `halfPixelCenters`.
 */

/** Where an axis of pixels lies among `size` cells. */
export interface Axis {
  readonly size: number;
  readonly places: readonly Place[];
}

/** (1 - share) of cell `low` and share of cell `high`. */
interface Place {
  readonly low: number;
  readonly high: number;
  readonly share: number;
}

/** `size` cells stretched to `length` pixels. */
export function stretch(size: number, length: number): Axis {
  const places = Array.from({ length }, (_, pixel) => {
    const at = ((pixel + 0.5) * size) / length - 0.5;
    const low = Math.floor(at);
    return { low: Math.max(0, low), high: Math.min(size - 1, low + 1), share: at - low };
  });
  return { size, places };
}

/** Writes the values between those of a grid [rows.size, columns.size]: [rows.places, columns.places]. */
export function between(grid: ArrayLike<number>, rows: Axis, columns: Axis, into: Float32Array): void {
  const width = columns.places.length;
  const line = new Float64Array(columns.size);
  for (const [y, { low, high, share }] of rows.places.entries()) {
    for (let k = 0; k < columns.size; k++) {
      const [above, below] = [grid[low * columns.size + k] as number, grid[high * columns.size + k] as number];
      line[k] = above + share * (below - above);
    }
    for (let x = 0; x < width; x++) {
      const place = columns.places[x] as Place;
      const left = line[place.low] as number;
      into[y * width + x] = left + place.share * ((line[place.high] as number) - left);
    }
  }
}

/** The axis as a matrix [places, size], row-major: values at its places are this matrix times the cells. */
export function stretchMatrix({ size, places }: Axis): Float32Array {
  const matrix = new Float32Array(places.length * size);
  places.forEach(({ low, high, share }, row) => {
    matrix[row * size + low] = 1 - share;
    matrix[row * size + high] = (low === high ? 1 - share : 0) + share;
  });
  return matrix;
}
