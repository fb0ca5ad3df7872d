/**
 * Pooling gradients on WebGPU, one thread a pixel of the input.
 *
 * The stock maximum sends its gradient to the last of equal pixels, here it goes to the first; the stock
 * average divides by the window's full size also where it hangs over the border.
 */
import * as tf from '../../tfjs.js';
import { replaceKernel } from './replace.ts';
import { runShader } from './webgpu-program.ts';

type PoolInfo = tf.backend_util.Conv2DInfo;

export function registerPooling(): void {
  replaceKernel<{ dy: tf.Tensor4D; input: tf.Tensor4D }, tf.MaxPoolGradAttrs>(
    'webgpu',
    tf.MaxPoolGrad,
    ({ dy, input }, { filterSize, strides, pad, dimRoundingMode }) => {
      const info = tf.backend_util.computePool2DInfo(input.shape, filterSize, strides, 1, pad, dimRoundingMode);
      return runShader({ ...windows('max pool gradient', info, MAXIMUM), inputs: { dy, x: input } });
    },
  );
  replaceKernel<{ dy: tf.Tensor4D; input: tf.Tensor4D }, tf.AvgPoolGradAttrs & { dimRoundingMode?: 'floor' }>(
    'webgpu',
    tf.AvgPoolGrad,
    ({ dy, input }, { filterSize, strides, pad, dimRoundingMode }) => {
      const info = tf.backend_util.computePool2DInfo(input.shape, filterSize, strides, 1, pad, dimRoundingMode);
      return runShader({ ...windows('average pool gradient', info, MEAN), inputs: { dy } });
    },
  );
}

/** Adds a window's slope where this pixel is its first maximum. */
const MAXIMUM = `
  var best = -1;
  for (var r = top; r < bottom; r++) {
    for (var c = left; c < right; c++) {
      let candidate = ((image * uniforms.height + r) * uniforms.width + c) * uniforms.channels + channel;
      if (best < 0 || x[candidate] > x[best]) { best = candidate; }
    }
  }
  if (best == index) { value += slope; }`;

/** Adds this pixel's share of a window's slope: one by the number of pixels inside the image. */
const MEAN = `
  value += slope / f32((bottom - top) * (right - left));`;

/** A shader that visits, for a pixel of the input, every window that holds it. */
function windows(name: string, info: PoolInfo, body: string) {
  const { inHeight, inWidth, inChannels, outHeight, outWidth, padInfo } = info;
  return {
    name,
    shape: info.inShape,
    integers: {
      height: inHeight,
      width: inWidth,
      channels: inChannels,
      outHeight,
      outWidth,
      filterHeight: info.filterHeight,
      filterWidth: info.filterWidth,
      strideHeight: info.strideHeight,
      strideWidth: info.strideWidth,
      padTop: padInfo.top,
      padLeft: padInfo.left,
    },
    code: `
      let channel = index % uniforms.channels;
      let column = (index / uniforms.channels) % uniforms.width;
      let row = (index / (uniforms.channels * uniforms.width)) % uniforms.height;
      let image = index / (uniforms.channels * uniforms.width * uniforms.height);
      let fromRow = max(0, row + uniforms.padTop - uniforms.filterHeight + uniforms.strideHeight) / uniforms.strideHeight;
      let toRow = min(uniforms.outHeight - 1, (row + uniforms.padTop) / uniforms.strideHeight);
      let fromColumn = max(0, column + uniforms.padLeft - uniforms.filterWidth + uniforms.strideWidth) / uniforms.strideWidth;
      let toColumn = min(uniforms.outWidth - 1, (column + uniforms.padLeft) / uniforms.strideWidth);
      var value = 0.0;
      for (var outRow = fromRow; outRow <= toRow; outRow++) {
        let top = max(0, outRow * uniforms.strideHeight - uniforms.padTop);
        let bottom = min(uniforms.height, outRow * uniforms.strideHeight - uniforms.padTop + uniforms.filterHeight);
        for (var outColumn = fromColumn; outColumn <= toColumn; outColumn++) {
          let left = max(0, outColumn * uniforms.strideWidth - uniforms.padLeft);
          let right = min(uniforms.width, outColumn * uniforms.strideWidth - uniforms.padLeft + uniforms.filterWidth);
          let slope = dy[((image * uniforms.outHeight + outRow) * uniforms.outWidth + outColumn) * uniforms.channels + channel];
          ${body}
        }
      }`,
  };
}
