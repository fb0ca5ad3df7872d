/**
 * Bilinear interpolation of small grids, axis by axis, with pixel centres at (i + 1/2) / size and the
 * border continued: PyTorch's `align_corners=False`, TensorFlow's `halfPixelCenters`.
 */

/** Where an axis of pixels lies among `size` cells: at each pixel (1 - share) of cell `low` and share of cell `high`. */
export interface Axis {
  readonly size: number;
  readonly low: Int32Array;
  readonly high: Int32Array;
  readonly share: Float64Array;
}

/** `size` cells stretched to `length` pixels. */
export function stretch(size: number, length: number): Axis {
  const at = Float64Array.from({ length }, (_, pixel) => ((pixel + 0.5) * size) / length - 0.5);
  return {
    size,
    low: Int32Array.from(at, (place) => Math.max(0, Math.floor(place))),
    high: Int32Array.from(at, (place) => Math.min(size - 1, Math.floor(place) + 1)),
    share: at.map((place) => place - Math.floor(place)),
  };
}

/** `length` pixels of an axis from `first` on; a view. */
export function cut({ size, low, high, share }: Axis, first: number, length: number): Axis {
  const end = first + length;
  return { size, low: low.subarray(first, end), high: high.subarray(first, end), share: share.subarray(first, end) };
}

/** Writes the values between those of a grid [rows.size, columns.size]: [rows' pixels, columns' pixels]. */
export function between(grid: ArrayLike<number>, rows: Axis, columns: Axis, into: Float32Array): void {
  const { size, low, high, share } = columns;
  const [height, width] = [rows.share.length, share.length];
  const line = new Float64Array(size);
  for (let y = 0; y < height; y++) {
    const [upper, lower] = [(rows.low[y] as number) * size, (rows.high[y] as number) * size];
    const down = rows.share[y] as number;
    for (let k = 0; k < size; k++) {
      const above = grid[upper + k] as number;
      line[k] = above + down * ((grid[lower + k] as number) - above);
    }
    for (let x = 0; x < width; x++) {
      const left = line[low[x] as number] as number;
      into[y * width + x] = left + (share[x] as number) * ((line[high[x] as number] as number) - left);
    }
  }
}

/** The axis as a matrix [places, size], row-major: values at its places are this matrix times the cells. */
export function stretchMatrix({ size, low, high, share }: Axis): Float32Array {
  const matrix = new Float32Array(share.length * size);
  share.forEach((part, row) => {
    const [first, second] = [low[row] as number, high[row] as number];
    matrix[row * size + first] = 1 - part;
    matrix[row * size + second] = (first === second ? 1 - part : 0) + part;
  });
  return matrix;
}
