/** The output gradient of a strided convolution, laid out so that a plain convolution gives the input's. */
import type * as tf from '@tensorflow/tfjs';
import { allocate, heapView } from './wasm-memory.ts';

type Geometry = Pick<
  tf.backend_util.Conv2DInfo,
  'inHeight' | 'inWidth' | 'filterHeight' | 'filterWidth' | 'strideHeight' | 'strideWidth' | 'padInfo'
>;

/**
 * dy [n, outHeight, outWidth, c] with stride - 1 zeros between pixels and a border, such that a 'valid'
 * convolution by the filter's size gives exactly [inHeight, inWidth]: [n, inHeight + filterHeight - 1, ...].
 */
export function spread(dy: tf.Tensor4D, geometry: Geometry): tf.Tensor4D {
  const { inHeight, inWidth, filterHeight, filterWidth, strideHeight, strideWidth, padInfo } = geometry;
  const [batch, rows, columns, channels] = dy.shape;
  const height = inHeight + filterHeight - 1;
  const width = inWidth + filterWidth - 1;
  const out = allocate<tf.Rank.R4>([batch, height, width, channels]);
  const to = heapView(out).fill(0);
  const from = heapView(dy);
  const top = filterHeight - 1 - padInfo.top;
  const left = filterWidth - 1 - padInfo.left;
  for (let image = 0; image < batch; image++) {
    for (let row = 0; row < rows; row++) {
      const y = top + row * strideHeight;
      if (y < 0 || y >= height) continue;
      for (let column = 0; column < columns; column++) {
        const x = left + column * strideWidth;
        if (x < 0 || x >= width) continue;
        const source = ((image * rows + row) * columns + column) * channels;
        to.set(from.subarray(source, source + channels), ((image * height + y) * width + x) * channels);
      }
    }
  }
  return out;
}
