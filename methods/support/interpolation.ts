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
  /** Where the run of pixels between the same two cells ends, counted from pixel `from`. */
  readonly end: Int32Array;
  readonly from: number;
}

/** `size` cells stretched to `length` pixels. */
export function stretch(size: number, length: number): Axis {
  const at = Float64Array.from({ length }, (_, pixel) => ((pixel + 0.5) * size) / length - 0.5);
  const cells = at.map((place) => Math.floor(place));
  const ends = new Int32Array(length);
  for (let i = length - 1; i >= 0; i--) ends[i] = cells[i] === cells[i + 1] ? (ends[i + 1] as number) : i + 1;
  return {
    size,
    low: Int32Array.from(cells, (cell) => Math.max(0, cell)),
    high: Int32Array.from(cells, (cell) => Math.min(size - 1, cell + 1)),
    share: at.map((place, i) => place - (cells[i] as number)),
    end: ends,
    from: 0,
  };
}

/** `length` pixels of an axis from `first` on; a view. */
export function cut({ size, low, high, share, end, from }: Axis, first: number, length: number): Axis {
  const part = <T extends Int32Array | Float64Array>(all: T) => all.subarray(first, first + length) as T;
  return { size, low: part(low), high: part(high), share: part(share), end: part(end), from: from + first };
}

/** Writes the values between those of a grid [rows.size, columns.size]: [rows' pixels, columns' pixels]. */
export function between(grid: ArrayLike<number>, rows: Axis, columns: Axis, into: Float32Array): void {
  const { size, low, high, share, end, from } = columns;
  const [height, width] = [rows.share.length, share.length];
  const line = new Float64Array(size);
  for (let y = 0; y < height; y++) {
    const [upper, lower] = [(rows.low[y] as number) * size, (rows.high[y] as number) * size];
    const down = rows.share[y] as number;
    for (let k = 0; k < size; k++) {
      const above = grid[upper + k] as number;
      line[k] = above + down * ((grid[lower + k] as number) - above);
    }
    const start = y * width;
    for (let x = 0; x < width; ) {
      const left = line[low[x] as number] as number;
      const rise = (line[high[x] as number] as number) - left;
      // A run at a time: most of a pixel's cost was looking up its two cells.
      for (const stop = Math.min(width, (end[x] as number) - from); x < stop; x++) {
        into[start + x] = left + (share[x] as number) * rise;
      }
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
