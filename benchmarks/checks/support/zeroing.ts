/** Images with their null block set to zero. */
import type { ImageShape, Split } from 'attribench';
import { masksOf } from './leakage.ts';

/** The split with every pixel of the null block 0 in every channel; throws NotApplicable without masks. */
export function withoutNullBlock(split: Split, [, , channels]: ImageShape): Split {
  const nothing = masksOf(split).null;
  return { ...split, images: split.images.map((value, i) => (nothing[Math.floor(i / channels)] === 1 ? 0 : value)) };
}
