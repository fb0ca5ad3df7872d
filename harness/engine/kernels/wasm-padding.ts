/**
 * Convolutions on wasm whose windows end before the image does along one axis, and reach beyond it along the other.
 *
 * XNNPACK takes the padding of 'same' for negative on the first axis, and refuses; the stock kernel does not look, and
 * returns zeros.
 */
import * as tf from '../../tfjs.js';
import { type ConvolutionAttributes, padded } from './convolution.ts';
import { adaptKernel } from './replace.ts';

interface Convolved {
  readonly x: tf.Tensor4D;
  readonly filter: tf.Tensor4D;
}

interface Attributes extends ConvolutionAttributes {
  readonly dilations: [number, number] | number;
}

export function registerPadding(): void {
  for (const kernel of [tf.Conv2D, tf.FusedConv2D, tf.DepthwiseConv2dNative, tf.FusedDepthwiseConv2D]) {
    adaptKernel<Convolved, Attributes>('wasm', kernel, paddedBefore);
  }
}

function paddedBefore(inputs: Convolved, attributes: Attributes) {
  const { x, filter } = inputs;
  const { strides, dilations, pad, dimRoundingMode } = attributes;
  if (pad !== 'same') return undefined;
  const info = tf.backend_util.computeConv2DInfo(x.shape, filter.shape, strides, dilations, pad, dimRoundingMode);
  const endsBefore =
    (info.outHeight - 1) * info.strideHeight + info.effectiveFilterHeight < info.inHeight ||
    (info.outWidth - 1) * info.strideWidth + info.effectiveFilterWidth < info.inWidth;
  const around = endsBefore ? padded(x, info) : x;
  if (around === x) return undefined;
  return { inputs: { ...inputs, x: around }, attributes: { ...attributes, pad: 'valid' as const } };
}
