/**
 * What stands in the place of a removed coordinate.
 *
 * An operator changes one image in place where its mask is 0 and leaves the rest as it is. Its random numbers
 * come from the image's own stream, so the result does not depend on the batch.
 */
import type { Bounds, DatasetContent, ImageShape } from '../contracts.ts';
import type { Stream } from '../random.ts';
import { coordinateMoments } from './moments.ts';

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

/** Calls `value` for the removed coordinates alone, in ascending order. */
function replace(image: Float32Array, mask: Uint8Array, value: (coordinate: number) => number): void {
  for (let i = 0; i < image.length; i++) if (mask[i] === 0) image[i] = value(i);
}

export const REMOVAL_OPERATORS = { zero, mean } as const satisfies { readonly [name: string]: RemovalOperator };

export type Removal = keyof typeof REMOVAL_OPERATORS;
