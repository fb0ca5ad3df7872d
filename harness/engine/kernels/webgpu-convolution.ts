/**
 * Convolution gradients on WebGPU, as matrix products: stock filter gradients run one thread a weight.
 *
 * Filter gradient: the windows of some images become the rows of a matrix, whose product with dy is a
 * partial sum; the parts are added in order. Input gradient: the stock shader in matrix form, which a
 * flag chooses. The depthwise filter gradient is the same as on wasm.
 */
import * as tf from '../../tfjs.js';
import { type ConvolutionInfo, depthwiseFilterGradient, describe } from './convolution.ts';
import { replaceKernel } from './replace.ts';
import { largestDivisor, sumFirst } from './webgpu-matmul.ts';
import { runShader } from './webgpu-program.ts';

export function registerConvolution(): void {
  tf.env().set('WEBGPU_USE_NAIVE_CONV2D_TRANSPOSE', false);
  replaceKernel<{ x: tf.Tensor4D; dy: tf.Tensor4D }, tf.Conv2DBackpropFilterAttrs>(
    'webgpu',
    tf.Conv2DBackpropFilter,
    ({ x, dy }, attributes) => filterGradient(x, dy, describe(x.shape, attributes.filterShape, attributes)),
  );
  replaceKernel<{ x: tf.Tensor4D; dy: tf.Tensor4D }, tf.DepthwiseConv2dNativeBackpropFilterAttrs>(
    'webgpu',
    tf.DepthwiseConv2dNativeBackpropFilter,
    ({ x, dy }, attributes) =>
      depthwiseFilterGradient(x, dy, describe(x.shape, attributes.filterShape, attributes, true)),
  );
}

/** Bytes that the windows of some images may take at a time. */
const WINDOW_BYTES = 2 ** 26;
/** So many 32 x 32 tiles keep a GPU busy. */
const MANY_TILES = 256;

function filterGradient(x: tf.Tensor4D, dy: tf.Tensor4D, info: ConvolutionInfo): tf.Tensor {
  const { batchSize, outHeight, outWidth, inChannels, outChannels, filterHeight, filterWidth } = info;
  const shape = [filterHeight, filterWidth, inChannels, outChannels];
  const pixels = outHeight * outWidth;
  const taps = filterHeight * filterWidth * inChannels;
  if (batchSize * pixels * taps * outChannels === 0) return tf.zeros(shape);
  const together = Math.min(batchSize, Math.max(1, Math.floor(WINDOW_BYTES / (4 * pixels * taps))));
  const tiles = Math.ceil(taps / 32) * Math.ceil(outChannels / 32);
  const sums: tf.Tensor[] = [];
  for (let first = 0; first < batchSize; first += together) {
    const images = Math.min(together, batchSize - first);
    const parts = largestDivisor(images, Math.ceil(MANY_TILES / tiles));
    const part = (images / parts) * pixels;
    sums.push(
      tf.tidy(() => {
        const seen = windows(x, first, images, info);
        const slopes = images === batchSize ? dy : tf.slice(dy, [first, 0, 0, 0], [images, -1, -1, -1]);
        const products = tf.matMul(
          tf.reshape(seen, [parts, part, taps]),
          tf.reshape(slopes, [parts, part, outChannels]),
          true,
        );
        return sumFirst(products);
      }),
    );
  }
  return tf.reshape(sums.length === 1 ? (sums[0] as tf.Tensor) : sumFirst(tf.stack(sums)), shape);
}

/** Windows of `images` images from `first` on, a row each: [images * pixels, filterHeight * filterWidth * channels]. */
function windows(x: tf.Tensor4D, first: number, images: number, info: ConvolutionInfo): tf.Tensor {
  const { inHeight, inWidth, inChannels, outHeight, outWidth, filterHeight, filterWidth, padInfo } = info;
  return runShader({
    name: 'windows',
    shape: [images * outHeight * outWidth, filterHeight * filterWidth * inChannels],
    inputs: { x },
    integers: {
      first,
      height: inHeight,
      width: inWidth,
      channels: inChannels,
      outHeight,
      outWidth,
      filterHeight,
      filterWidth,
      strideHeight: info.strideHeight,
      strideWidth: info.strideWidth,
      padTop: padInfo.top,
      padLeft: padInfo.left,
    },
    code: `
      let channel = index % uniforms.channels;
      let tap = (index / uniforms.channels) % (uniforms.filterHeight * uniforms.filterWidth);
      let pixel = index / (uniforms.channels * uniforms.filterHeight * uniforms.filterWidth);
      let row = ((pixel / uniforms.outWidth) % uniforms.outHeight) * uniforms.strideHeight
        + tap / uniforms.filterWidth - uniforms.padTop;
      let column = (pixel % uniforms.outWidth) * uniforms.strideWidth + tap % uniforms.filterWidth - uniforms.padLeft;
      let image = uniforms.first + pixel / (uniforms.outWidth * uniforms.outHeight);
      var value = 0.0;
      if (row >= 0 && row < uniforms.height && column >= 0 && column < uniforms.width) {
        value = x[((image * uniforms.height + row) * uniforms.width + column) * uniforms.channels + channel];
      }`,
  });
}
