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
import { DENSE_ROWS } from './samples.ts';

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
  readonly grid: Stretching;
  /** What stands where a mask is 0. */
  readonly replacement: number;
  /** The number that the method watches. */
  readonly score: (classes: tf.Tensor1D) => Objective;
  /** Writes the mask [height * width] of a grid. */
  paint(design: ShiftedGrid, mask: Float32Array): void;
  /** The explanation of an image, which draws from its stream alone. */
  explain(stream: Stream): GridCopies;
}

/** Masks of one place in a block that make up for the products of its cells. */
const LEAST_OF_A_PLACE = 8;

/** One map an image: [n, height, width, 1]. */
export async function explainByShiftedGrids(request: PerturbedRequest, grids: ShiftedGrids): Promise<tf.Tensor4D> {
  const { denseStem } = request.network;
  const { grid, replacement, score, paint, explain } = grids;
  if (denseStem === undefined || grid.tops * grid.lefts * LEAST_OF_A_PLACE > DENSE_ROWS) {
    return explainByMasks<ShiftedGrid>(request, {
      replacement,
      score,
      explain: (_, stream) => ({ ...explain(stream), paint }),
    });
  }
  const [, height, width, channels] = request.images.shape;
  const lines = Array.from({ length: height }, (_, y) => Int32Array.from({ length: width }, (_, x) => y * width + x));
  const parts = denseStem.parts(lines);
  const { base, weights } = tf.tidy(() => ({
    base: denseStem.outputs(tf.fill([1, height, width, channels], replacement)),
    weights: tf.concat2d(
      Array.from({ length: grid.tops }, (_, top) =>
        tf.tensor2d(stretchMatrix(cut(grid.rows, top, height)), [height, grid.size]).transpose(),
      ),
      0,
    ),
  }));
  const cells = new Map<string, tf.Tensor>();
  try {
    return await explainByCopies<ShiftedGrid, GridCopies>(
      request,
      (_, stream) => explain(stream),
      (block) => tf.tidy(() => scoresOf(block, request, grids, { denseStem, parts, base, weights, cells })),
    );
  } finally {
    parts.dispose();
    tf.dispose([base, weights, ...cells.values()]);
  }
}

interface Lines {
  readonly denseStem: DenseStem;
  /** By row of pixels. */
  readonly parts: DenseParts;
  /** The outputs of the image that has nothing but the replacing value: [1, units]. */
  readonly base: tf.Tensor2D;
  /** How each row of cells, by where the image begins, weighs its rows of pixels: [tops * size, height]. */
  readonly weights: tf.Tensor2D;
  /** What the cells add, by image and column where it begins: of the images of the last block. */
  readonly cells: Map<string, tf.Tensor>;
}

type GridCopy = Copy<ShiftedGrid, GridCopies>;

function scoresOf(
  block: readonly GridCopy[],
  { images, classes }: PerturbedRequest,
  { grid, replacement, score }: ShiftedGrids,
  { denseStem, parts, base, weights, cells: known }: Lines,
): tf.Tensor1D {
  const { size, columns, tops } = grid;
  const [, height, width] = images.shape;
  const groups = grouped(block);
  for (const [key, values] of known) {
    if (groups.has(key)) continue;
    values.dispose();
    known.delete(key);
  }
  const cells = size * size;
  /** [tops, rows of cells * columns of cells, units] */
  const added = ({ image, design }: Member) =>
    tf.tidy(() => {
      const ofColumns = tf.tensor2d(stretchMatrix(cut(columns, design.left, width)), [width, size]);
      const change = tf.sub(tf.slice(images, image, 1), replacement);
      const lines = parts.of(tf.mul(change, ofColumns.transpose().reshape([size, 1, width, 1])));
      const byLine = lines.transpose([1, 0, 2]).reshape<tf.Tensor2D>([height, -1]);
      return tf.keep(tf.matMul(weights, byLine).reshape([tops, cells, -1]));
    });
  /** Of each copy, its row among the outputs of all groups. */
  const places = new Int32Array(block.length);
  let rows = 0;
  const outputs = [...groups].map(([key, group]) => {
    const counts = new Array<number>(tops).fill(0);
    for (const { design } of group) counts[design.top] = (counts[design.top] as number) + 1;
    const most = Math.max(...counts);
    const kept = new Float32Array(tops * most * cells);
    for (const { design, row } of group) {
      counts[design.top] = (counts[design.top] as number) - 1;
      const place = design.top * most + (counts[design.top] as number);
      kept.set(design.cells, place * cells);
      places[row] = rows + place;
    }
    rows += tops * most;
    const ofCells = known.get(key) ?? added(group[0] as Member);
    known.set(key, ofCells);
    const found = tf.matMul(tf.tensor3d(kept, [tops, most, cells]), ofCells);
    return found.reshape<tf.Tensor2D>([tops * most, -1]);
  });
  const chosen = tf.gather(tf.concat(outputs), tf.tensor1d(places, 'int32'));
  const scores = score(tf.gather(classes, rowsOf(block)));
  return scores(denseStem.logitsOf(tf.add(chosen, base))) as tf.Tensor1D;
}

interface Member {
  readonly image: number;
  readonly design: ShiftedGrid;
  /** Its place in the block. */
  readonly row: number;
}

/** Copies by image and the column where it begins, in the order of each group's first. */
function grouped(block: readonly GridCopy[]): Map<string, Member[]> {
  const groups = new Map<string, Member[]>();
  for (const [row, { image, design }] of block.entries()) {
    const key = `${image} ${design.left}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [{ image, design, row }]);
    else group.push({ image, design, row });
  }
  return groups;
}
