/**
 * Walking over a split in batches: gathered in plain JavaScript, or on the engine from a split kept there.
 */
import type { ArrayImages, ImageShape, Images, Split } from '../contracts.ts';
import { batchValues } from '../data/batches.ts';
import * as tf from '../tfjs.js';

/** Images evaluated at a time; fixed, so that results do not depend on the machine. */
export const EVALUATION_BATCH = 256;

export interface Batch {
  /** [n, height, width, channels] */
  readonly images: tf.Tensor4D;
  /** [n] int32 */
  readonly labels: tf.Tensor1D;
}

/** The chosen rows of a split, in the order of `indices`, their values changed by `change`; the caller disposes both tensors. */
export function gatherBatch(
  split: Split<Images>,
  shape: ImageShape,
  indices: Uint32Array,
  change: (values: Float32Array) => Float32Array = (values) => values,
): Batch {
  const labels = Int32Array.from(indices, (index) => split.labels[index] as number);
  const values = change(batchValues(split, shape, indices));
  return { images: tf.tensor4d(values, [indices.length, ...shape]), labels: tf.tensor1d(labels, 'int32') };
}

/** Makes batches of a split on the engine. */
export interface BatchSource {
  /** What `batch` makes the batch of the chosen rows from, in a tf.tidy of the caller's. */
  inputs(indices: Uint32Array): readonly tf.Tensor[];
  /** The rows, in the order of their indices: a computation. */
  batch(inputs: readonly tf.Tensor[]): Batch;
  dispose(): void;
}

/**
 * The split as tensors of the engine, uploaded once, its batches gathered there: the same values as `gatherBatch`
 * gives. null where the images stay on disk or take more than `most` bytes as float32.
 */
export function keepSplit(split: Split<Images>, shape: ImageShape, most: number): BatchSource | null {
  const count = split.labels.length;
  const size = shape[0] * shape[1] * shape[2];
  if ('gather' in split.images || count * size * Float32Array.BYTES_PER_ELEMENT > most) return null;
  const all = wholeSplit(split, split.images, shape);
  return {
    inputs: (indices) => [all.images, all.labels, tf.tensor1d(Int32Array.from(indices), 'int32')],
    batch: ([images, labels, rows]) => ({
      images: tf.gather(images as tf.Tensor4D, rows as tf.Tensor1D),
      labels: tf.gather(labels as tf.Tensor1D, rows as tf.Tensor1D),
    }),
    dispose: () => tf.dispose([all.images, all.labels]),
  };
}

/** All rows as tensors. The engine copies the images itself: gathering them first took as long as the copy. */
function wholeSplit(split: Split<Images>, images: ArrayImages, shape: ImageShape): Batch {
  if (images instanceof Float32Array) {
    const whole = tf.tensor4d(images, [split.labels.length, ...shape]);
    return { images: whole, labels: tf.tensor1d(Int32Array.from(split.labels), 'int32') };
  }
  return gatherBatch(
    split,
    shape,
    Uint32Array.from(split.labels, (_, i) => i),
  );
}

/** Rows `from` to `to`; of images that are there as float32 the engine reads a view. */
function batchInOrder({ images, labels }: Split<Images>, shape: ImageShape, from: number, to: number): Batch {
  if (!(images instanceof Float32Array)) {
    const rows = Uint32Array.from({ length: to - from }, (_, i) => from + i);
    return gatherBatch({ images, labels }, shape, rows);
  }
  const size = shape[0] * shape[1] * shape[2];
  return {
    images: tf.tensor4d(images.subarray(from * size, to * size), [to - from, ...shape]),
    labels: tf.tensor1d(Int32Array.from(labels.subarray(from, to)), 'int32'),
  };
}

/** Calls `use` on each batch of a split in the split's order; tensors are freed after each. */
export async function forEachBatch(
  split: Split<Images>,
  shape: ImageShape,
  use: (batch: Batch, from: number) => Promise<void>,
): Promise<void> {
  const count = split.labels.length;
  for (let from = 0; from < count; from += EVALUATION_BATCH) {
    const batch = batchInOrder(split, shape, from, Math.min(count, from + EVALUATION_BATCH));
    try {
      await use(batch, from);
    } finally {
      tf.dispose([batch.images, batch.labels]);
    }
  }
}
