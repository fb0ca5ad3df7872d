/**
 * From stored arrays to tensors: the images and masks of chosen indices.
 */
import * as tf from '@tensorflow/tfjs';
import type { ImageShape, Split } from '../contracts.ts';
import { NotApplicable } from '../errors.ts';

/** Images [m, height, width, channels] of the chosen indices, bytes as value / 255; the caller owns the tensor. */
export function batchTensor(split: Split, shape: ImageShape, indices: ArrayLike<number>): tf.Tensor4D {
  return tf.tensor4d(batchValues(split, shape, indices), [indices.length, ...shape]);
}

/** The same images as a new array. */
export function batchValues({ images }: Split, shape: ImageShape, indices: ArrayLike<number>): Float32Array {
  const size = shape[0] * shape[1] * shape[2];
  const values = gather(images, size, indices);
  if (images instanceof Uint8Array) for (let i = 0; i < values.length; i++) values[i] = (values[i] ?? 0) / 255;
  return values;
}

/** Masks [m, height, width, 1] of 0 and 1 of the chosen indices; throws NotApplicable where the data set has none. */
export function maskTensor(
  split: Split,
  shape: ImageShape,
  indices: ArrayLike<number>,
  which: 'signal' | 'null',
): tf.Tensor4D {
  if (split.masks === undefined) throw new NotApplicable('[attribench] the data set has no masks');
  const [height, width] = shape;
  return tf.tensor4d(gather(split.masks[which], height * width, indices), [indices.length, height, width, 1]);
}

function gather(from: Float32Array | Uint8Array, size: number, indices: ArrayLike<number>): Float32Array {
  const values = new Float32Array(indices.length * size);
  for (let row = 0; row < indices.length; row++) {
    const index = indices[row] ?? -1;
    if (!(Number.isInteger(index) && index >= 0 && (index + 1) * size <= from.length))
      throw new RangeError(`[attribench] image index ${index}, expected 0 to ${from.length / size - 1}`);
    values.set(from.subarray(index * size, (index + 1) * size), row * size);
  }
  return values;
}
