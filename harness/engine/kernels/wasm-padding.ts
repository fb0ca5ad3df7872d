/**
 * Convolutions on wasm whose windows end before the image does along one axis, and reach beyond it along the other.
 *
 * XNNPACK takes the padding of 'same' for negative on the first axis, and refuses; the stock kernel does not look, and
 * returns zeros.
 */
import * as tf from '../../tfjs.js';
import { type ConvolutionAttributes, describe, padded } from './convolution.ts';
import { adaptKernel } from './replace.ts';

interface Convolved {
  readonly x: tf.Tensor4D;
  readonly filter: tf.Tensor4D;
}

export function registerPadding(): void {
  for (const kernel of [tf.Conv2D, tf.FusedConv2D, tf.DepthwiseConv2dNative, tf.FusedDepthwiseConv2D]) {
    adaptKernel<Convolved, ConvolutionAttributes>('wasm', kernel, paddedBefore);
  }
}

function paddedBefore(inputs: Convolved, attributes: ConvolutionAttributes) {
  const { x, filter } = inputs;
  if (attributes.pad !== 'same') return undefined;
  // Taps that are dilated have strides of 1, and then windows end where the image does.
  const info = describe(x.shape, filter.shape, attributes);
  const endsBefore =
    (info.outHeight - 1) * info.strideHeight + info.filterHeight < info.inHeight ||
    (info.outWidth - 1) * info.strideWidth + info.filterWidth < info.inWidth;
  const around = endsBefore ? padded(x, info) : x;
  if (around === x) return undefined;
  return { inputs: { ...inputs, x: around }, attributes: { ...attributes, pad: 'valid' as const } };
}
