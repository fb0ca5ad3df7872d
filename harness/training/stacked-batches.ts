/**
 * Batches for networks that train side by side: each network's own rows of its own training images.
 *
 * As for one network, the images are kept on the engine where it gathers them faster, else gathered in JavaScript.
 */
import type { ImageShape, Split } from '../contracts.ts';
import { batchValues } from '../data/batches.ts';
import * as tf from '../tfjs.js';

/** Bytes that the training images of one stack may take, as float32, where the engine keeps none. */
const GATHERED_BYTES = 2 ** 28;

/** Bytes that the training images of one stack may take, as float32, where an engine keeps `keptBytes` at most. */
export function stackBytes(keptBytes: number): number {
  return keptBytes > 0 ? keptBytes : GATHERED_BYTES;
}

export interface StackedBatch {
  /** [R, n, height x width x channels] */
  readonly rows: tf.Tensor3D;
  /** [R * n] int32, network by network. */
  readonly labels: tf.Tensor1D;
}

export interface StackedBatches {
  /** What `batch` makes the batch of the chosen rows from, in a tf.tidy of the caller's. */
  inputs(indices: readonly Uint32Array[]): readonly tf.Tensor[];
  /** Row i of network r's batch is image `indices[r][i]` of its split: a computation. */
  batch(inputs: readonly tf.Tensor[]): StackedBatch;
  dispose(): void;
}

/** Batches gathered in JavaScript from splits in memory, one a network. */
export function gatherStacked(splits: readonly Split[], shape: ImageShape): StackedBatches {
  return {
    inputs: (indices) => {
      const { rows, labels } = stackedRows(splits, shape, indices);
      return [rows, labels];
    },
    batch: ([rows, labels]) => ({ rows: rows as tf.Tensor3D, labels: labels as tf.Tensor1D }),
    dispose: () => {},
  };
}

/** The chosen rows of each split, network by network; the caller disposes both tensors. */
export function stackedRows(
  splits: readonly Split[],
  shape: ImageShape,
  indices: readonly Uint32Array[],
): StackedBatch {
  const size = shape[0] * shape[1] * shape[2];
  const n = indices[0]?.length ?? 0;
  const rows = new Float32Array(splits.length * n * size);
  const labels = new Int32Array(splits.length * n);
  splits.forEach((split, r) => {
    const chosen = indices[r] as Uint32Array;
    rows.set(batchValues(split, shape, chosen), r * n * size);
    chosen.forEach((index, i) => {
      labels[r * n + i] = split.labels[index] as number;
    });
  });
  return { rows: tf.tensor3d(rows, [splits.length, n, size]), labels: tf.tensor1d(labels, 'int32') };
}

/** The same batches gathered on the engine, where all splits, of equally many images, are one tensor. */
export function keepStacked(splits: readonly Split[], shape: ImageShape): StackedBatches {
  const count = splits[0]?.labels.length ?? 0;
  const every = Uint32Array.from({ length: count }, (_, i) => i);
  const whole = stackedRows(
    splits,
    shape,
    splits.map(() => every),
  );
  const size = shape[0] * shape[1] * shape[2];
  const all = tf.tidy(() => tf.keep(tf.reshape<tf.Rank.R2>(whole.rows, [-1, size])));
  whole.rows.dispose();
  return {
    inputs: (indices) => {
      const places = Int32Array.from(indices.flatMap((own, r) => Array.from(own, (index) => r * count + index)));
      return [all, whole.labels, tf.tensor1d(places, 'int32')];
    },
    batch: ([images, labels, places]) => ({
      rows: tf.reshape<tf.Rank.R3>(tf.gather(images as tf.Tensor2D, places as tf.Tensor1D), [splits.length, -1, size]),
      labels: tf.gather(labels as tf.Tensor1D, places as tf.Tensor1D),
    }),
    dispose: () => tf.dispose([all, whole.labels]),
  };
}
