/**
 * Convolution gradients on wasm, as convolutions: XNNPACK's own are ten times faster than a plain loop.
 *
 * Filter gradient: batch and channels change places, dy becomes the filter, and the stride its dilation; of one tap it is
 * a product. Input gradient: dy is convolved with the filter turned by 180 degrees whose input and output channels change
 * places; of a stride larger than one, phase by phase. Depthwise, dy has zeros between its pixels instead.
 */
import * as tf from '../../tfjs.js';
import { type ConvolutionInfo, depthwiseFilterGradient, describe, padded } from './convolution.ts';
import { replaceKernel } from './replace.ts';
import { spread } from './spread.ts';
import { firstOfStrides, phasedInputGradient, turned } from './wasm-strided.ts';

export function registerConvolution(): void {
  replaceKernel<{ x: tf.Tensor4D; dy: tf.Tensor4D }, tf.Conv2DBackpropFilterAttrs>(
    'wasm',
    tf.Conv2DBackpropFilter,
    ({ x, dy }, attributes) => filterGradient(x, dy, describe(x.shape, attributes.filterShape, attributes)),
  );
  replaceKernel<{ dy: tf.Tensor4D; filter: tf.Tensor4D }, tf.Conv2DBackpropInputAttrs>(
    'wasm',
    tf.Conv2DBackpropInput,
    ({ dy, filter }, attributes) =>
      inputGradient(dy, filter, describe(attributes.inputShape, filter.shape, attributes)),
  );
  replaceKernel<{ x: tf.Tensor4D; dy: tf.Tensor4D }, tf.DepthwiseConv2dNativeBackpropFilterAttrs>(
    'wasm',
    tf.DepthwiseConv2dNativeBackpropFilter,
    ({ x, dy }, attributes) =>
      depthwiseFilterGradient(x, dy, describe(x.shape, attributes.filterShape, attributes, true)),
  );
  replaceKernel<{ dy: tf.Tensor4D; filter: tf.Tensor4D }, tf.DepthwiseConv2dNativeBackpropInputAttrs>(
    'wasm',
    tf.DepthwiseConv2dNativeBackpropInput,
    ({ dy, filter }, attributes) =>
      depthwiseInputGradient(dy, filter, describe(attributes.inputShape, filter.shape, attributes, true)),
  );
}

function filterGradient(x: tf.Tensor4D, dy: tf.Tensor4D, info: ConvolutionInfo): tf.Tensor {
  if (info.filterHeight * info.filterWidth === 1) return singleTapGradient(x, dy, info);
  const images = tf.transpose(padded(x, info), [3, 1, 2, 0]);
  const filter = tf.transpose(dy, [1, 2, 0, 3]);
  const dilation: [number, number] = [info.strideHeight, info.strideWidth];
  const taps = tf.conv2d(images, filter, 1, 'valid', 'NHWC', dilation);
  // Rows and columns of the input that no window reached give further taps: not ours.
  const used = tf.slice(taps, [0, 0, 0, 0], [info.inChannels, info.filterHeight, info.filterWidth, info.outChannels]);
  return tf.transpose(used, [1, 2, 0, 3]);
}

/** The pixels that the tap saw, times the slopes. */
function singleTapGradient(x: tf.Tensor4D, dy: tf.Tensor4D, info: ConvolutionInfo): tf.Tensor {
  const { strideHeight, strideWidth, inChannels, outChannels } = info;
  const image = padded(x, info);
  const seen = strideHeight * strideWidth === 1 ? image : firstOfStrides(image, info);
  const product = tf.matMul(tf.reshape(seen, [-1, inChannels]), tf.reshape(dy, [-1, outChannels]), true);
  return tf.reshape(product, [1, 1, inChannels, outChannels]);
}

function inputGradient(dy: tf.Tensor4D, filter: tf.Tensor4D, info: ConvolutionInfo): tf.Tensor {
  if (info.strideHeight * info.strideWidth > 1) return phasedInputGradient(dy, filter, info);
  return tf.conv2d(spread(dy, info), turned(filter), 1, 'valid');
}

function depthwiseInputGradient(dy: tf.Tensor4D, filter: tf.Tensor4D, info: ConvolutionInfo): tf.Tensor {
  const { batchSize, inChannels } = info;
  const multiplier = info.outChannels / inChannels;
  const reversed = tf.reverse(filter, [0, 1]);
  const slopes = spread(dy, info);
  const [, height, width] = slopes.shape;
  const byMultiple = tf.reshape(slopes, [batchSize * height * width * inChannels, multiplier]);
  const parts = Array.from({ length: multiplier }, (_, q) => {
    const part = tf.reshape(tf.slice(byMultiple, [0, q], [-1, 1]), [batchSize, height, width, inChannels]);
    const kernel = tf.slice(reversed, [0, 0, 0, q], [-1, -1, -1, 1]);
    return tf.depthwiseConv2d(part as tf.Tensor4D, kernel, 1, 'valid');
  });
  return tf.addN(parts);
}
