/**
 * Maps from the scores of an image under masks that are small grids, stretched and cut to the image at some place.
 *
 * Where the network begins with a dense layer, a mask's outputs are sums of what the cells of its grid add: the image is
 * weighted by the columns of cells, its rows of pixels pass the layer one by one, and are then weighted by the rows of cells.
 */
import { type DenseParts, type DenseStem, type Objective, type Stream, tf } from 'attribench';
import { type Axis, cut, stretchMatrix } from './interpolation.ts';
import {
  type Copies,
  type Copy,
  explainByCopies,
  explainByMasks,
  type PerturbedRequest,
  rowsOf,
} from './perturbations.ts';
import { rowsFor } from './samples.ts';

/** A grid of cells [size * size], row-major, stretched over more than the image, and where the image begins in it. */
export interface ShiftedGrid {
  readonly cells: Uint8Array;
  /** From 0 to `tops` - 1. */
  readonly top: number;
  /** From 0 to `lefts` - 1. */
  readonly left: number;
}

interface Stretching {
  /** Cells a side. */
  readonly size: number;
  /** The cells along more pixels than the image has, by as many as it may begin later. */
  readonly rows: Axis;
  readonly columns: Axis;
  readonly tops: number;
  readonly lefts: number;
}

interface GridCopies extends Copies<ShiftedGrid> {
  take(score: number, design: ShiftedGrid): void;
}

export interface ShiftedGrids {
  /** Masks of an image. */
  readonly samples: number;
  readonly grid: Stretching;
  /** What stands where a mask is 0. */
  readonly replacement: number;
  /** The number that the method watches. */
  readonly score: (classes: tf.Tensor1D) => Objective;
  /** Writes the mask [height * width] of a grid. */
  paint(design: ShiftedGrid, mask: Float32Array): void;
  /** The explanation of an image, which draws from its stream alone. */
  explain(stream: Stream): Omit<GridCopies, 'copies'>;
}

/** Masks of an image that one place has in a block on average, from which on they make up for the products of its cells. */
const LEAST_OF_A_PLACE = 8;

/** One map an image: [n, height, width, 1]. */
export async function explainByShiftedGrids(request: PerturbedRequest, grids: ShiftedGrids): Promise<tf.Tensor4D> {
  const { denseStem } = request.network;
  const { samples, grid, replacement, score, paint, explain } = grids;
  // A place of few masks costs more than it spares, and the rows that are filled up would be many more than the block's.
  const together = Math.min(samples, rowsFor(request.network));
  if (denseStem === undefined || together < LEAST_OF_A_PLACE * grid.tops * grid.lefts) {
    return explainByMasks<ShiftedGrid>(request, {
      replacement,
      score,
      explain: (_, stream) => ({ copies: samples, ...explain(stream), paint }),
    });
  }
  const sums = new CellSums(request, denseStem, grids);
  try {
    return await explainByCopies<ShiftedGrid, GridCopies>(
      request,
      (_, stream) => ({ copies: samples, ...explain(stream) }),
      (block) => sums.scores(block),
    );
  } finally {
    sums.dispose();
  }
}

type GridCopy = Copy<ShiftedGrid, GridCopies>;

/** The outputs of a dense stem for blocks of copies; at any time it holds the cells of the images of one block. */
class CellSums {
  readonly #request: PerturbedRequest;
  readonly #stem: DenseStem;
  readonly #grids: ShiftedGrids;
  /** What each row of pixels adds. */
  readonly #lines: DenseParts;
  /** The outputs of the image that has nothing but the replacing value: [1, units]. */
  readonly #base: tf.Tensor2D;
  /** How each column of cells, by where the image begins, weighs the columns of pixels: [lefts * size, 1, width, 1]. */
  readonly #columns: tf.Tensor4D;
  /** How each row of cells, by where the image begins, weighs the rows of pixels: [tops * size, height]. */
  readonly #rows: tf.Tensor2D;
  /** By image, what each cell adds at each place: [tops * lefts, size * size, units]. */
  readonly #cells = new Map<number, tf.Tensor3D>();

  constructor(request: PerturbedRequest, stem: DenseStem, grids: ShiftedGrids) {
    this.#request = request;
    this.#stem = stem;
    this.#grids = grids;
    const { grid, replacement } = grids;
    const [, height, width, channels] = request.images.shape;
    const pixels = Array.from({ length: height }, (_, y) =>
      Int32Array.from({ length: width }, (_, x) => y * width + x),
    );
    this.#lines = stem.parts(pixels);
    const weights = (axis: Axis, places: number, length: number) =>
      tf.tidy(() => {
        const byPlace = Array.from({ length: places }, (_, place) =>
          tf.tensor2d(stretchMatrix(cut(axis, place, length)), [length, grid.size]).transpose<tf.Tensor2D>(),
        );
        return tf.concat2d(byPlace, 0);
      });
    this.#rows = weights(grid.rows, grid.tops, height);
    this.#columns = tf.tidy(() =>
      weights(grid.columns, grid.lefts, width).reshape([grid.lefts * grid.size, 1, width, 1]),
    );
    this.#base = tf.tidy(() => stem.outputs(tf.fill([1, height, width, channels], replacement)));
  }

  scores(block: readonly GridCopy[]): tf.Tensor1D {
    this.#prepare(block);
    return tf.tidy(() => {
      const classes = tf.gather(this.#request.classes, rowsOf(block));
      return this.#grids.score(classes)(this.#stem.logitsOf(this.#outputs(block))) as tf.Tensor1D;
    });
  }

  dispose(): void {
    this.#prepare([]);
    this.#lines.dispose();
    tf.dispose([this.#base, this.#columns, this.#rows]);
  }

  /** [copies, units], each place's copies by one product with its cells, filled up to the number of the most frequent. */
  #outputs(block: readonly GridCopy[]): tf.Tensor2D {
    const { size, tops, lefts } = this.#grids.grid;
    const [places, cells] = [tops * lefts, size * size];
    const images = [...this.#cells.keys()];
    const placeOf = ({ image, design }: GridCopy) => images.indexOf(image) * places + design.top * lefts + design.left;
    const counts = new Int32Array(images.length * places);
    const within = Int32Array.from(block, (copy) => {
      const place = placeOf(copy);
      const before = counts[place] as number;
      counts[place] = before + 1;
      return before;
    });
    const most = Math.max(...counts);
    const kept = new Float32Array(counts.length * most * cells);
    const chosen = Int32Array.from(block, (copy, k) => {
      const row = placeOf(copy) * most + (within[k] as number);
      kept.set(copy.design.cells, row * cells);
      return row;
    });
    const ofImages = [...this.#cells.values()];
    const added = ofImages.length === 1 ? (ofImages[0] as tf.Tensor3D) : tf.concat3d(ofImages, 0);
    const sums = tf.matMul(tf.tensor3d(kept, [counts.length, most, cells]), added);
    const flat = sums.reshape<tf.Tensor2D>([counts.length * most, -1]);
    return tf.add(tf.gather(flat, tf.tensor1d(chosen, 'int32')), this.#base);
  }

  /** Makes the cells that a block needs and drops those that it does not. */
  #prepare(block: readonly GridCopy[]): void {
    const images = new Set(block.map(({ image }) => image));
    for (const [image, cells] of this.#cells) {
      if (images.has(image)) continue;
      cells.dispose();
      this.#cells.delete(image);
    }
    for (const image of images) {
      if (!this.#cells.has(image)) this.#cells.set(image, this.#cellsOf(image));
    }
  }

  #cellsOf(image: number): tf.Tensor3D {
    const { grid, replacement } = this.#grids;
    const { size, tops, lefts } = grid;
    return tf.tidy(() => {
      const change = tf.sub(tf.slice(this.#request.images, image, 1), replacement);
      const lines = this.#lines.of(tf.mul(change, this.#columns));
      const [height] = lines.shape;
      const byRow = tf.matMul(this.#rows, lines.reshape<tf.Tensor2D>([height, -1]));
      const byPlace = byRow.reshape([tops, size, lefts, -1]).transpose([0, 2, 1, 3]);
      return byPlace.reshape([tops * lefts, size * size, -1]);
    });
  }
}
