/**
 * Augmentation of training batches on plain arrays, before a tensor is made of them.
 *
 * Each image draws from a stream of its own, named by the epoch and the image's index: what becomes of an image
 * depends neither on the batch that it travels in nor on the batch's size.
 */
import type { ImageShape } from '../contracts.ts';
import type { Stream } from '../random.ts';

export interface Augmentation {
  /** Crops of the image's own size, at random from the image within a border of so many pixels; 0 for none. */
  readonly cropPadding: number;
  /** Mirrors left and right with probability one half. */
  readonly flip: boolean;
}

/** Whether anything is asked for. */
export function isAugmented({ cropPadding, flip }: Augmentation): boolean {
  return cropPadding > 0 || flip;
}

/**
 * The images [n, height, width, channels] of a split's rows, augmented; the values are left as they are where
 * nothing is asked for.
 *
 * The border is filled with `border`, the value of black. `stream` is the epoch's; from each image's own come the
 * crop's row and column, then the mirror. As RandomCrop(padding) and RandomHorizontalFlip of torchvision.
 */
export function augmented(
  values: Float32Array,
  [height, width, channels]: ImageShape,
  rows: Uint32Array,
  { cropPadding, flip }: Augmentation,
  border: number,
  stream: Stream,
): Float32Array {
  if (!isAugmented({ cropPadding, flip })) return values;
  const size = height * width * channels;
  const result = new Float32Array(values.length).fill(border);
  rows.forEach((index, n) => {
    const own = stream.derive('augmentation', index);
    const down = own.integer(2 * cropPadding + 1) - cropPadding;
    const right = own.integer(2 * cropPadding + 1) - cropPadding;
    const mirrored = flip && own.integer(2) === 1;
    for (let row = Math.max(0, -down); row < Math.min(height, height - down); row++) {
      for (let column = Math.max(0, -right); column < Math.min(width, width - right); column++) {
        const source = n * size + ((row + down) * width + column + right) * channels;
        const to = n * size + (row * width + (mirrored ? width - 1 - column : column)) * channels;
        for (let channel = 0; channel < channels; channel++) result[to + channel] = values[source + channel] as number;
      }
    }
  });
  return result;
}
