/** What the convolutions of several engines share. */
import * as tf from '../../tfjs.js';

export type ConvolutionInfo = tf.backend_util.Conv2DInfo;

export interface ConvolutionAttributes {
  readonly strides: [number, number] | number;
  readonly pad: 'valid' | 'same' | number | tf.backend_util.ExplicitPadding;
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
  readonly dataFormat?: 'NHWC' | 'NCHW';
}

/** Sizes, strides and padding of a convolution; errors: Error for channels before pixels. */
export function describe(
  inputShape: [number, number, number, number],
  filterShape: [number, number, number, number],
  { strides, pad, dimRoundingMode, dataFormat }: ConvolutionAttributes,
  depthwise = false,
): ConvolutionInfo {
  if (dataFormat === 'NCHW') throw new Error('[attribench] convolutions: expected the NHWC format');
  return tf.backend_util.computeConv2DInfo(inputShape, filterShape, strides, 1, pad, dimRoundingMode, depthwise);
}

/** Tap by tap: the pixels that a tap saw, times the slopes, summed. */
export function depthwiseFilterGradient(x: tf.Tensor4D, dy: tf.Tensor4D, info: ConvolutionInfo): tf.Tensor {
  const { batchSize, outHeight, outWidth, inChannels, strideHeight, strideWidth } = info;
  const multiplier = info.outChannels / inChannels;
  const pixels = batchSize * outHeight * outWidth;
  const slopes = tf.reshape(dy, [pixels, inChannels, multiplier]);
  const image = padded(x, info);
  const taps: tf.Tensor[] = [];
  for (let row = 0; row < info.filterHeight; row++) {
    for (let column = 0; column < info.filterWidth; column++) {
      taps.push(
        tf.tidy(() => {
          const end = [row + (outHeight - 1) * strideHeight + 1, column + (outWidth - 1) * strideWidth + 1] as const;
          const seen = tf.stridedSlice(
            image,
            [0, row, column, 0],
            [batchSize, ...end, inChannels],
            [1, strideHeight, strideWidth, 1],
          );
          return tf.sum(tf.mul(tf.reshape(seen, [pixels, inChannels, 1]), slopes), 0);
        }),
      );
    }
  }
  return tf.reshape(tf.stack(taps), [info.filterHeight, info.filterWidth, inChannels, multiplier]);
}

/** Images with the convolution's border of zeros. */
export function padded(x: tf.Tensor4D, { padInfo }: ConvolutionInfo): tf.Tensor4D {
  const { top, bottom, left, right } = padInfo;
  if (top === 0 && bottom === 0 && left === 0 && right === 0) return x;
  return tf.pad(x, [
    [0, 0],
    [top, bottom],
    [left, right],
    [0, 0],
  ]);
}
