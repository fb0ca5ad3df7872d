/** Images with their null block set to zero. */
import { type ImageShape, type Images, type Split, splitInMemory } from 'attribench';
import { masksOf } from './leakage.ts';

/** The split with every pixel of the null block 0 in every channel; throws NotApplicable without masks. */
export function withoutNullBlock(split: Split<Images>, [, , channels]: ImageShape): Split {
  const nothing = masksOf(split).null;
  const { images } = splitInMemory(split);
  return { ...split, images: images.map((value, i) => (nothing[Math.floor(i / channels)] === 1 ? 0 : value)) };
}
