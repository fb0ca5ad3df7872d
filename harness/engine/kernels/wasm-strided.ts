/**
 * What gradients of strided convolutions on wasm need: the input's phase by phase, and the pixels that a tap saw.
 *
 * A pixel met only the taps of its own phase, its place within a stride: each phase is a convolution of dy with those, where
 * one of all taps would mostly multiply the zeros between dy's pixels.
 */
import * as tf from '../../tfjs.js';
import type { ConvolutionInfo } from './convolution.ts';
import { scatter } from './spread.ts';
import { allocate, heapView } from './wasm-memory.ts';

export function phasedInputGradient(dy: tf.Tensor4D, filter: tf.Tensor4D, info: ConvolutionInfo): tf.Tensor {
  const { batchSize, inHeight, inWidth, inChannels, strideHeight, strideWidth, filterHeight, filterWidth } = info;
  const out = allocate<tf.Rank.R4>([batchSize, inHeight, inWidth, inChannels]);
  // Phases without a tap.
  if (filterHeight < strideHeight || filterWidth < strideWidth) heapView(out).fill(0);
  for (let row = 0; row < Math.min(strideHeight, filterHeight); row++) {
    for (let column = 0; column < Math.min(strideWidth, filterWidth); column++) {
      tf.tidy(() => {
        const phase = phaseGradient(dy, filter, info, row, column);
        const { top, left } = info.padInfo;
        scatter(phase, out, { top: row - top, left: column - left, strideHeight, strideWidth });
      });
    }
  }
  return out;
}

/** The first pixel of every stride, one for each of the convolution's windows: [n, outHeight, outWidth, channels]. */
export function firstOfStrides(
  image: tf.Tensor4D,
  { outHeight, outWidth, strideHeight, strideWidth }: ConvolutionInfo,
): tf.Tensor4D {
  const [batch, height, width, channels] = image.shape;
  const out = allocate<tf.Rank.R4>([batch, outHeight, outWidth, channels]);
  const [to, from] = [heapView(out), heapView(image)];
  for (let place = 0, n = 0; n < batch; n++) {
    for (let i = 0; i < outHeight; i++) {
      for (let j = 0; j < outWidth; j++, place += channels) {
        const source = ((n * height + i * strideHeight) * width + j * strideWidth) * channels;
        to.set(from.subarray(source, source + channels), place);
      }
    }
  }
  return out;
}

/** Slopes of the padded image's pixels at `row` and `column` of each stride, as far as the image goes. */
function phaseGradient(
  dy: tf.Tensor4D,
  filter: tf.Tensor4D,
  { inHeight, inWidth, strideHeight, strideWidth, padInfo: { top, left } }: ConvolutionInfo,
  row: number,
  column: number,
): tf.Tensor4D {
  const [rows, columns] = [Math.ceil((top + inHeight) / strideHeight), Math.ceil((left + inWidth) / strideWidth)];
  const taps = turned(filter, { row, column, strideHeight, strideWidth });
  const [height, width] = taps.shape;
  // Windows that begin below or right of the image, on its border, saw nothing of it.
  const [lines, places] = [Math.min(dy.shape[1], rows), Math.min(dy.shape[2], columns)];
  const slopes = tf.slice(dy, [0, 0, 0, 0], [-1, lines, places, -1]);
  const around = tf.pad(slopes, [
    [0, 0],
    [height - 1, rows - lines],
    [width - 1, columns - places],
    [0, 0],
  ]);
  return tf.conv2d(around, taps, 1, 'valid');
}

/**
 * Every tap of a filter [height, width, in, out], or every one that a stride reaches from (row, column) on, turned by 180
 * degrees, input and output channels in each other's place. The stock kernels that do so take longer than a convolution.
 */
export function turned(
  filter: tf.Tensor4D,
  { row, column, strideHeight, strideWidth } = { row: 0, column: 0, strideHeight: 1, strideWidth: 1 },
): tf.Tensor4D {
  const [filterHeight, filterWidth, inChannels, outChannels] = filter.shape;
  const size = inChannels * outChannels;
  const height = Math.ceil((filterHeight - row) / strideHeight);
  const width = Math.ceil((filterWidth - column) / strideWidth);
  const exchanged = tf.transpose(filter, [0, 1, 3, 2]);
  const out = allocate<tf.Rank.R4>([height, width, outChannels, inChannels]);
  const [to, from] = [heapView(out), heapView(exchanged)];
  for (let i = 0; i < height; i++) {
    for (let j = 0; j < width; j++) {
      const tap = (row + i * strideHeight) * filterWidth + column + j * strideWidth;
      const place = (height - 1 - i) * width + width - 1 - j;
      to.set(from.subarray(tap * size, (tap + 1) * size), place * size);
    }
  }
  return out;
}
