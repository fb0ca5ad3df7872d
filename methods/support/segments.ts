/**
 * Superpixels: the features that black-box methods switch on and off.
 *
 * Two rules: 'grid' cuts every image alike; 'slic' follows the image's own edges. Both are
 * deterministic and look at one image at a time.
 */
import { type Bounds, type ImageShape, type tf, UsageError } from 'attribench';
import { positiveInteger } from './samples.ts';

/** A partition of an image's pixels. */
export interface Segmentation {
  /** [height * width]: the segment of each pixel, 0 to count - 1, none empty. */
  readonly labels: Int32Array;
  readonly count: number;
}

/** Parameters that choose superpixels. */
export type SegmentParameters = { readonly segments: string; readonly segmentSize: number };

/** The defaults of methods over segments, and what they mean. */
export const SEGMENTS: SegmentParameters = { segments: 'grid', segmentSize: 4 };
export const SEGMENTS_ABOUT: { readonly [name in keyof SegmentParameters]: string } = {
  segments: '"grid" for squares, "slic" for superpixels that follow the edges of the image',
  segmentSize: 'side of a segment in pixels, of a superpixel about',
};

interface Segmented {
  readonly images: tf.Tensor4D;
  readonly bounds: Bounds;
}

/** Weight of distance in the plane against distance in value, for values from 0 to 1: m of Achanta et al., equation 3. */
const COMPACTNESS = 0.1;
const ITERATIONS = 10;

/**
 * The segmentation of image i, made when it is asked for.
 *
 * @throws UsageError naming the method where a parameter is wrong.
 */
export async function segmenter(
  method: string,
  { images, bounds }: Segmented,
  { segments, segmentSize }: SegmentParameters,
): Promise<(image: number) => Segmentation> {
  const size = positiveInteger(method, 'segmentSize', segmentSize);
  const [, ...shape] = images.shape;
  const [height, width, channels] = shape;
  if (segments === 'grid') {
    const squares = gridSegments(height, width, size);
    return () => squares;
  }
  if (segments !== 'slic') {
    throw new UsageError(
      `[attribench] method "${method}": segments is ${JSON.stringify(segments)}, expected "grid" or "slic"`,
    );
  }
  const values = await images.data<'float32'>();
  const length = height * width * channels;
  const compactness = COMPACTNESS * (bounds.high - bounds.low);
  return (image) => slicSegments(values.subarray(image * length, (image + 1) * length), shape, size, compactness);
}

/** Squares of `size` x `size` pixels from the upper left corner, cut at the lower and right edge. */
export function gridSegments(height: number, width: number, size: number): Segmentation {
  const columns = Math.ceil(width / size);
  const labels = new Int32Array(height * width);
  for (let p = 0; p < labels.length; p++) {
    labels[p] = Math.floor(p / width / size) * columns + Math.floor((p % width) / size);
  }
  return { labels, count: columns * Math.ceil(height / size) };
}

/**
 * SLIC superpixels of about `size` x `size` pixels: k-means over place and value, each centre seeing
 * the pixels within `size` of it, then every connected piece under a quarter of size^2 given to the
 * segment before it in reading order (Achanta et al., "SLIC Superpixels Compared to State-of-the-Art
 * Superpixel Methods", PAMI 2012, algorithm 1 and section 3).
 *
 * Values [height, width, channels] are compared as they are, not in CIELAB. Distance^2 = |dv|^2 + (compactness / size)^2 |dp|^2.
 */
export function slicSegments(values: Float32Array, shape: ImageShape, size: number, compactness: number): Segmentation {
  const [height, width] = shape;
  let centres = startingCentres(values, shape, size);
  let labels: Int32Array = gridSegments(height, width, size).labels;
  for (let iteration = 0; iteration < ITERATIONS; iteration++) {
    labels = assign(values, shape, centres, size, compactness, labels);
    centres = means(values, shape, labels, centres);
  }
  return connect(labels, height, width, size);
}

/** Row, column, then the value of each channel. */
type Centre = readonly number[];

/** The middles of the grid's squares, each moved to the flattest of the nine pixels around it. */
function startingCentres(values: Float32Array, shape: ImageShape, size: number): Centre[] {
  const [height, width] = shape;
  const centres: Centre[] = [];
  for (let top = 0; top < height; top += size) {
    for (let left = 0; left < width; left += size) {
      const middle = [top, left].map(
        (start, axis) => start + (Math.min(size, (shape[axis] as number) - start) - 1) / 2,
      );
      const [row, column] = middle.map(Math.floor) as [number, number];
      let [best, lowest] = [middle, slope(values, shape, row, column)];
      for (const [dy, dx] of NEIGHBOURS) {
        const [y, x] = [row + dy, column + dx];
        if (y < 0 || y >= height || x < 0 || x >= width) continue;
        const here = slope(values, shape, y, x);
        if (here < lowest) [best, lowest] = [[y, x], here];
      }
      const [y, x] = best as [number, number];
      centres.push([y, x, ...pixelAt(values, shape, Math.floor(y), Math.floor(x))]);
    }
  }
  return centres;
}

const NEIGHBOURS = [-1, 0, 1].flatMap((dy) => [-1, 0, 1].map((dx) => [dy, dx] as const));

/** Squared gradient by central differences, the border continued. */
function slope(values: Float32Array, shape: ImageShape, row: number, column: number): number {
  const [height, width] = shape;
  const at = (y: number, x: number) =>
    pixelAt(values, shape, Math.min(height - 1, Math.max(0, y)), Math.min(width - 1, Math.max(0, x)));
  return (
    squaredDistance(at(row + 1, column), at(row - 1, column)) +
    squaredDistance(at(row, column + 1), at(row, column - 1))
  );
}

function pixelAt(values: Float32Array, [, width, channels]: ImageShape, row: number, column: number): Float32Array {
  const start = (row * width + column) * channels;
  return values.subarray(start, start + channels);
}

function squaredDistance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += ((a[k] as number) - (b[k] as number)) ** 2;
  return sum;
}

/** Each pixel to its nearest centre, the first of equals; one that no centre reaches stays where it was. */
function assign(
  values: Float32Array,
  shape: ImageShape,
  centres: readonly Centre[],
  size: number,
  compactness: number,
  before: Int32Array,
): Int32Array {
  const [height, width] = shape;
  const labels = before.slice();
  const nearest = new Float64Array(height * width).fill(Number.POSITIVE_INFINITY);
  const weight = (compactness / size) ** 2;
  centres.forEach(([row = 0, column = 0, ...colour], label) => {
    for (let y = Math.max(0, Math.ceil(row - size)); y <= Math.min(height - 1, row + size); y++) {
      for (let x = Math.max(0, Math.ceil(column - size)); x <= Math.min(width - 1, column + size); x++) {
        const apart = (y - row) ** 2 + (x - column) ** 2;
        const distance = squaredDistance(pixelAt(values, shape, y, x), colour) + weight * apart;
        const p = y * width + x;
        if (distance < (nearest[p] as number)) {
          nearest[p] = distance;
          labels[p] = label;
        }
      }
    }
  });
  return labels;
}

/** The mean place and value of each label's pixels; a centre without pixels stays. */
function means(values: Float32Array, shape: ImageShape, labels: Int32Array, centres: readonly Centre[]): Centre[] {
  const [, width, channels] = shape;
  const sums = centres.map(() => new Float64Array(2 + channels));
  const sizes = new Uint32Array(centres.length);
  labels.forEach((label, p) => {
    const sum = sums[label] as Float64Array;
    const row = Math.floor(p / width);
    [row, p % width, ...pixelAt(values, shape, row, p % width)].forEach((value, k) => {
      sum[k] = (sum[k] as number) + value;
    });
    sizes[label] = (sizes[label] as number) + 1;
  });
  return centres.map((centre, label) => {
    const size = sizes[label] as number;
    return size === 0 ? centre : Array.from(sums[label] as Float64Array, (sum) => sum / size);
  });
}

/** Connected pieces, numbered in reading order; a small one joins the piece left of or above its first pixel. */
function connect(labels: Int32Array, height: number, width: number, size: number): Segmentation {
  const pieces = new Int32Array(labels.length).fill(-1);
  let count = 0;
  for (let first = 0; first < labels.length; first++) {
    if (pieces[first] !== -1) continue;
    const members = piece(labels, pieces, first, height, width, count);
    const neighbour = first % width > 0 ? pieces[first - 1] : first >= width ? pieces[first - width] : undefined;
    if (neighbour !== undefined && members.length < (size * size) / 4) {
      for (const p of members) pieces[p] = neighbour;
    } else {
      count++;
    }
  }
  return { labels: pieces, count };
}

/** Marks the pixels of `first`'s label that are connected to it (up, down, left, right) and returns them. */
function piece(
  labels: Int32Array,
  pieces: Int32Array,
  first: number,
  height: number,
  width: number,
  mark: number,
): number[] {
  const members = [first];
  pieces[first] = mark;
  // The list grows while it is walked.
  for (const p of members) {
    const [row, column] = [Math.floor(p / width), p % width];
    for (const [inside, next] of [
      [row > 0, p - width],
      [row < height - 1, p + width],
      [column > 0, p - 1],
      [column < width - 1, p + 1],
    ] as const) {
      if (inside && pieces[next] === -1 && labels[next] === labels[first]) {
        pieces[next] = mark;
        members.push(next);
      }
    }
  }
  return members;
}

/** [height * width]: each pixel with its segment's value. */
export function spread({ labels }: Segmentation, values: Float64Array): Float32Array {
  const map = new Float32Array(labels.length);
  for (let p = 0; p < labels.length; p++) map[p] = values[labels[p] as number] as number;
  return map;
}

/** [height * width]: each segment's value shared equally by its coordinates, so that the map over all channels keeps its sum. */
export function share({ labels, count }: Segmentation, values: Float64Array, channels: number): Float32Array {
  const sizes = new Uint32Array(count);
  for (const label of labels) sizes[label] = (sizes[label] as number) + 1;
  return Float32Array.from(labels, (label) => (values[label] as number) / ((sizes[label] as number) * channels));
}
