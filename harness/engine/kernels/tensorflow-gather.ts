/**
 * Gathering for native TensorFlow without reading the indices: on the CPU the library itself refuses one beyond the axis,
 * which tfjs-node reads them all for before.
 *
 * A graph cannot read, so that only with this can one gather its batch.
 */
import * as tf from '../../tfjs.js';
import { replaceKernel } from './replace.ts';

/** GatherV2 of native TensorFlow. */
type RunGather = (inputs: readonly [x: tf.Tensor, indices: tf.Tensor, axis: tf.Scalar], batchDims: number) => tf.Tensor;

export function registerGather(run: RunGather): void {
  replaceKernel<{ x: tf.Tensor; indices: tf.Tensor }, { axis: number; batchDims: number }>(
    'tensorflow',
    tf.GatherV2,
    ({ x, indices }, { axis, batchDims }) => run([x, indices, tf.scalar(axis, 'int32')], batchDims),
  );
}
