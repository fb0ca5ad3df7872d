/** The gradient of gather on wasm, which lacks it: rows added up by segment. */
import * as tf from '../../tfjs.js';
import { replaceKernel } from './replace.ts';

export function registerSegments(): void {
  replaceKernel<{ x: tf.Tensor; segmentIds: tf.Tensor1D }, tf.UnsortedSegmentSumAttrs>(
    'wasm',
    tf.UnsortedSegmentSum,
    ({ x, segmentIds }, { numSegments }) => {
      const values = tf.backend().readSync(x.dataId) as Float32Array | Int32Array;
      const ids = tf.backend().readSync(segmentIds.dataId) as Int32Array;
      const width = x.size / Math.max(1, segmentIds.size);
      const sums = x.dtype === 'int32' ? new Int32Array(numSegments * width) : new Float32Array(numSegments * width);
      ids.forEach((segment, row) => {
        // As TensorFlow does: rows of a negative segment are dropped.
        if (segment < 0) return;
        for (let i = 0; i < width; i++) {
          sums[segment * width + i] = (sums[segment * width + i] as number) + (values[row * width + i] as number);
        }
      });
      return tf.tensor(sums, [numSegments, ...x.shape.slice(segmentIds.rank)], x.dtype);
    },
  );
}
