/**
 * What stands in the place of a removed coordinate.
 *
 * An operator changes one image in place where its mask is 0 and leaves the rest as it is. Its random numbers
 * come from the image's own stream, so the result does not depend on the batch.
 */
import type { Bounds, DatasetContent, ImageShape } from '../contracts.ts';
import type { Stream } from '../random.ts';
import { coordinateMoments } from './moments.ts';
import { imputeLinearly, ROAD_NOISE } from './road.ts';

export interface RemovalContext {
  readonly shape: ImageShape;
  readonly bounds: Bounds;
  /** [size] mean and standard deviation of each coordinate over the training images. */
  readonly mean: Float32Array;
  readonly deviation: Float32Array;
}

/** (image [size], mask [size] of 1 where kept, context, the image's stream): the image is changed in place. */
export type RemovalOperator = (image: Float32Array, mask: Uint8Array, context: RemovalContext, stream: Stream) => void;

/** What the operators know of a data set: from its training images alone. */
export function removalContext({ shape, bounds, splits }: DatasetContent): RemovalContext {
  return { shape, bounds, ...coordinateMoments(splits.train.images, shape[0] * shape[1] * shape[2]) };
}

const zero: RemovalOperator = (image, mask) => replace(image, mask, () => 0);

const mean: RemovalOperator = (image, mask, context) => replace(image, mask, (i) => context.mean[i] as number);

/**
 * Normal noise with the coordinate's training mean and standard deviation, cut to the valid range.
 *
 * The paper replaces pixels by noise (appendix B); its parameters are not at hand, and these make a removed
 * coordinate look as much like a kept one as a value independent of the image can by its first two moments.
 */
const noise: RemovalOperator = (image, mask, { mean, deviation, bounds: { low, high } }, stream) => {
  // One number a coordinate, removed or not: what replaces it does not depend on the rest of the mask.
  const normals = stream.normals(image.length);
  replace(image, mask, (i) => {
    const value = (mean[i] as number) + (deviation[i] as number) * (normals[i] as number);
    return Math.min(high, Math.max(low, value));
  });
};

const road: RemovalOperator = (image, mask, { shape, bounds, mean }, stream) =>
  imputeLinearly(image, mask, shape, mean, ROAD_NOISE * (bounds.high - bounds.low), stream);

/** Calls `value` for the removed coordinates alone, in ascending order. */
function replace(image: Float32Array, mask: Uint8Array, value: (coordinate: number) => number): void {
  for (let i = 0; i < image.length; i++) if (mask[i] === 0) image[i] = value(i);
}

export const REMOVAL_OPERATORS = { zero, mean, noise, road } as const satisfies {
  readonly [name: string]: RemovalOperator;
};

export type Removal = keyof typeof REMOVAL_OPERATORS;
