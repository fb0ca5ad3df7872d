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
  const [batch, , , channels] = dy.shape;
  const height = inHeight + filterHeight - 1;
  const width = inWidth + filterWidth - 1;
  const out = allocate<tf.Rank.R4>([batch, height, width, channels]);
  heapView(out).fill(0);
  const top = filterHeight - 1 - padInfo.top;
  const left = filterWidth - 1 - padInfo.left;
  scatter(dy, out, { top, left, strideHeight, strideWidth });
  return out;
}

/** Writes pixel (i, j) of `source` to (top + i * strideHeight, left + j * strideWidth) of `target`, those outside nowhere. */
export function scatter(
  source: tf.Tensor4D,
  target: tf.Tensor4D,
  { top, left, strideHeight, strideWidth }: { top: number; left: number; strideHeight: number; strideWidth: number },
): void {
  const [batch, rows, columns, channels] = source.shape;
  const [, height, width] = target.shape;
  const [from, to] = [heapView(source), heapView(target)];
  for (let image = 0; image < batch; image++) {
    for (let row = 0; row < rows; row++) {
      const y = top + row * strideHeight;
      if (y < 0 || y >= height) continue;
      for (let column = 0; column < columns; column++) {
        const x = left + column * strideWidth;
        if (x < 0 || x >= width) continue;
        const start = ((image * rows + row) * columns + column) * channels;
        to.set(from.subarray(start, start + channels), ((image * height + y) * width + x) * channels);
      }
    }
  }
}
