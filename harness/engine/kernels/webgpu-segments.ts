/** Rows added up by segment on WebGPU, always in the rows' order: the stock kernel's atomic sums differ from run to run. */
import * as tf from '../../tfjs.js';
import { replaceKernel } from './replace.ts';
import { runShader } from './webgpu-program.ts';

export function registerSegments(): void {
  replaceKernel<{ x: tf.Tensor; segmentIds: tf.Tensor1D }, tf.UnsortedSegmentSumAttrs>(
    'webgpu',
    tf.UnsortedSegmentSum,
    ({ x, segmentIds }, { numSegments }) => {
      const shape = [numSegments, ...x.shape.slice(segmentIds.rank)];
      const rows = segmentIds.size;
      const width = tf.util.sizeFromShape(shape.slice(1));
      if (rows * width * numSegments === 0) return tf.zeros(shape, x.dtype);
      const sums = runShader({
        name: 'segment sums',
        shape,
        inputs: { x: tf.cast(x, 'float32'), segments: segmentIds },
        integers: { rows, width },
        code: `
          let segment = index / uniforms.width;
          let column = index % uniforms.width;
          var value = 0.0;
          for (var row = 0; row < uniforms.rows; row++) {
            if (segments[row] == segment) { value += x[row * uniforms.width + column]; }
          }`,
      });
      return tf.cast(sums, x.dtype);
    },
  );
}
