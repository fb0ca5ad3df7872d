/**
 * A split with its images masked, before any augmentation: what a retraining trains and is tested on.
 *
 * Where only zeros are put in, bytes stay bytes: a mask's 1 is the byte 255, which reads as 1.
 */
import type { DatasetContent, ImageShape, Images, Masking, Split, SplitName } from '../contracts.ts';
import { inMemory } from '../data/batches.ts';
import type { Stream } from '../random.ts';
import { keepMask } from './masks.ts';
import { REMOVAL_OPERATORS, removalContext } from './operators.ts';

/** Coordinates of one image from the least to the most attributed, by the image's index in its split. */
export type RankImage = (image: number) => Uint32Array;

/** The shape of an image as a network sees it: a mask doubles the channels. */
export function maskedShape([height, width, channels]: ImageShape, input: Masking['input']): ImageShape {
  return [height, width, input === 'image' ? channels : 2 * channels];
}

/**
 * One split of a data set, masked; `noise` derives one stream an image for what is put in.
 *
 * At level 1 nothing is removed and no image is ranked. Throws NotApplicable where the images stay on disk.
 */
export function maskedSplit(
  content: DatasetContent<Images>,
  which: SplitName,
  rankImage: RankImage,
  { level, side, removal, input }: Omit<Masking, 'ranking'>,
  noise: Stream,
): Split {
  const data = inMemory(content);
  const { images, labels } = data.splits[which];
  const [height, width, channels] = data.shape;
  const size = height * width * channels;
  const perPixel = input === 'image' ? channels : 2 * channels;
  const bytes = images instanceof Uint8Array && (removal === 'zero' || input === 'mask');
  const masked = bytes
    ? new Uint8Array(labels.length * height * width * perPixel)
    : new Float32Array(labels.length * height * width * perPixel);
  const one = bytes ? 255 : 1;
  const scale = images instanceof Uint8Array && !bytes ? 1 / 255 : 1;
  const context = removal === 'zero' || level === 1 || input === 'mask' ? undefined : removalContext(data);
  const whole = new Uint8Array(size).fill(1);
  const seen = new Float32Array(size);
  for (let image = 0; image < labels.length; image++) {
    const mask = level === 1 ? whole : keepMask(rankImage(image), level, side);
    const from = image * size;
    if (input !== 'mask') {
      for (let i = 0; i < size; i++) seen[i] = mask[i] === 1 ? (images[from + i] as number) * scale : 0;
      if (context !== undefined) REMOVAL_OPERATORS[removal](seen, mask, context, noise.derive(which, image));
    }
    if (input === 'image') {
      masked.set(seen, from);
      continue;
    }
    for (let pixel = 0; pixel < height * width; pixel++) {
      const to = (image * height * width + pixel) * perPixel;
      for (let channel = 0; channel < channels; channel++) {
        const i = pixel * channels + channel;
        masked[to + channel] = seen[i] as number;
        masked[to + channels + channel] = (mask[i] as number) * one;
      }
    }
  }
  return { images: masked, labels };
}
