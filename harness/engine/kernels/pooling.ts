/**
 * Pooling gradients for the backends in JavaScript and WebAssembly.
 *
 * Stock wasm sends a maximum's gradient to pixel 0 where the whole window is negative, and to the last of
 * equal pixels; here it goes to the first. Stock wasm and cpu divide an average's gradient by the window's
 * full size also where it hangs over the border, though the forward pass averages the pixels inside alone.
 */
import * as tf from '../../tfjs.js';
import { replaceKernel } from './replace.ts';

type PoolInfo = tf.backend_util.Conv2DInfo;

/** Registers both pooling gradients for a backend whose tensors can be read at once. */
export function registerPooling(backend: 'wasm' | 'cpu'): void {
  replaceKernel<{ dy: tf.Tensor4D; input: tf.Tensor4D }, tf.MaxPoolGradAttrs>(
    backend,
    tf.MaxPoolGrad,
    ({ dy, input }, { filterSize, strides, pad, dimRoundingMode }) => {
      const info = tf.backend_util.computePool2DInfo(input.shape, filterSize, strides, 1, pad, dimRoundingMode);
      return tf.tensor4d(maxPoolGradient(floats(dy), floats(input), info), input.shape);
    },
  );
  replaceKernel<{ dy: tf.Tensor4D; input: tf.Tensor4D }, tf.AvgPoolGradAttrs & { dimRoundingMode?: 'floor' }>(
    backend,
    tf.AvgPoolGrad,
    ({ dy, input }, { filterSize, strides, pad, dimRoundingMode }) => {
      const info = tf.backend_util.computePool2DInfo(input.shape, filterSize, strides, 1, pad, dimRoundingMode);
      return tf.tensor4d(averagePoolGradient(floats(dy), info), input.shape);
    },
  );
}

function floats(tensor: tf.Tensor): Float32Array {
  const values = tf.backend().readSync(tensor.dataId);
  if (values instanceof Float32Array) return values;
  throw new Error(`[attribench] pooling gradient: got a ${tensor.dtype} tensor, expected float32`);
}

function maxPoolGradient(dy: Float32Array, x: Float32Array, info: PoolInfo): Float32Array {
  const dx = new Float32Array(x.length);
  forEachWindow(info, (output, image, pixels) => {
    for (let channel = 0; channel < info.inChannels; channel++) {
      let best = image + (pixels[0] as number) + channel;
      for (const pixel of pixels) {
        const candidate = image + pixel + channel;
        if ((x[candidate] as number) > (x[best] as number)) best = candidate;
      }
      dx[best] = (dx[best] as number) + (dy[output + channel] as number);
    }
  });
  return dx;
}

function averagePoolGradient(dy: Float32Array, info: PoolInfo): Float32Array {
  const { batchSize, inHeight, inWidth, inChannels } = info;
  const dx = new Float32Array(batchSize * inHeight * inWidth * inChannels);
  forEachWindow(info, (output, image, pixels) => {
    for (let channel = 0; channel < inChannels; channel++) {
      const share = (dy[output + channel] as number) / pixels.length;
      for (const pixel of pixels) {
        const at = image + pixel + channel;
        dx[at] = (dx[at] as number) + share;
      }
    }
  });
  return dx;
}

/** Visits each window: the offsets of its output and its image, and within that of the pixels inside, row by row. */
function forEachWindow(
  info: PoolInfo,
  visit: (output: number, image: number, pixels: readonly number[]) => void,
): void {
  const { batchSize, inHeight, inWidth, inChannels, outHeight, outWidth } = info;
  const windows: number[][] = [];
  for (let outRow = 0; outRow < outHeight; outRow++) {
    const rows = inside(outRow * info.strideHeight - info.padInfo.top, info.filterHeight, inHeight);
    for (let outColumn = 0; outColumn < outWidth; outColumn++) {
      const columns = inside(outColumn * info.strideWidth - info.padInfo.left, info.filterWidth, inWidth);
      windows.push(rows.flatMap((row) => columns.map((column) => (row * inWidth + column) * inChannels)));
    }
  }
  for (let image = 0; image < batchSize; image++) {
    for (const [index, pixels] of windows.entries()) {
      // With enough padding a window can lie outside the image altogether.
      if (pixels.length === 0) continue;
      visit((image * windows.length + index) * inChannels, image * inHeight * inWidth * inChannels, pixels);
    }
  }
}

/** Indices of a window that starts at `start`, less those outside 0 .. length - 1. */
function inside(start: number, size: number, length: number): number[] {
  return Array.from({ length: size }, (_, i) => start + i).filter((index) => index >= 0 && index < length);
}
