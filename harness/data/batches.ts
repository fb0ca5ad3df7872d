/**
 * From stored arrays to tensors: the images and masks of chosen indices.
 */
import type { ArrayImages, DatasetContent, ImageShape, Images, Split } from '../contracts.ts';
import { NotApplicable } from '../errors.ts';
import * as tf from '../tfjs.js';

/** Images [m, height, width, channels] of the chosen indices, bytes as value / 255; the caller owns the tensor. */
export function batchTensor(split: Split<Images>, shape: ImageShape, indices: ArrayLike<number>): tf.Tensor4D {
  return tf.tensor4d(batchValues(split, shape, indices), [indices.length, ...shape]);
}

/** The same images as a new array. */
export function batchValues({ images }: Split<Images>, shape: ImageShape, indices: ArrayLike<number>): Float32Array {
  const size = shape[0] * shape[1] * shape[2];
  const read = isReader(images);
  const chosen = read ? images.gather(indices) : images;
  const values = read ? Float32Array.from(chosen) : gather(chosen, size, indices);
  if (chosen instanceof Uint8Array) for (let i = 0; i < values.length; i++) values[i] = (values[i] ?? 0) / 255;
  return values;
}

/** The content with its images as arrays; throws NotApplicable where they stay on disk. */
export function inMemory({ splits, ...facts }: DatasetContent<Images>): DatasetContent {
  const { train, validation, test } = splits;
  return {
    ...facts,
    splits: { train: splitInMemory(train), validation: splitInMemory(validation), test: splitInMemory(test) },
  };
}

/** The split with its images as an array; throws NotApplicable where they stay on disk. */
export function splitInMemory({ images, ...rest }: Split<Images>): Split {
  if (isReader(images))
    throw new NotApplicable('[attribench] the images do not fit in memory, where all of them are needed here');
  return { images, ...rest };
}

function isReader(images: Images): images is Exclude<Images, ArrayImages> {
  return 'gather' in images;
}

/** Masks [m, height, width, 1] of 0 and 1 of the chosen indices; throws NotApplicable where the data set has none. */
export function maskTensor(
  split: Split<unknown>,
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
