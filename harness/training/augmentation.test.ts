import { describe, expect, it } from 'vitest';
import type { ImageShape } from '../contracts.ts';
import { stream } from '../random.ts';
import { type Augmentation, augmented } from './augmentation.ts';

const SHAPE: ImageShape = [5, 4, 2];
const SIZE = 5 * 4 * 2;
const BORDER = -7;
const epoch = stream('test', 'epoch');

const images = (count: number) => stream('test', 'images').uniforms(count * SIZE);
const rowsOf = (count: number) => Uint32Array.from({ length: count }, (_, i) => 3 * i + 1);

/** Pads the whole image, cuts the crop out of it, mirrors it. */
function twin(image: Float32Array, index: number, { cropPadding, flip }: Augmentation): number[] {
  const [height, width, channels] = SHAPE;
  const own = epoch.derive('augmentation', index);
  const padded = Array.from({ length: height + 2 * cropPadding }, (_, row) =>
    Array.from({ length: width + 2 * cropPadding }, (_, column) => {
      const [y, x] = [row - cropPadding, column - cropPadding];
      const inside = y >= 0 && y < height && x >= 0 && x < width;
      return Array.from({ length: channels }, (_, c) =>
        inside ? image[(y * width + x) * channels + c] : BORDER,
      ) as number[];
    }),
  );
  const top = own.integer(2 * cropPadding + 1);
  const left = own.integer(2 * cropPadding + 1);
  const mirrored = flip && own.integer(2) === 1;
  const crop = padded.slice(top, top + height).map((row) => row.slice(left, left + width));
  return (mirrored ? crop.map((row) => row.toReversed()) : crop).flat(2);
}

describe('augmentation', () => {
  it.each([
    { cropPadding: 2, flip: true },
    { cropPadding: 2, flip: false },
    { cropPadding: 0, flip: true },
    // A crop that misses the image altogether is black.
    { cropPadding: 9, flip: true },
  ])('pads, crops and mirrors as the obvious twin: %j', (settings) => {
    const values = images(40);
    const rows = rowsOf(40);
    const result = augmented(values, SHAPE, rows, settings, BORDER, epoch);
    rows.forEach((index, n) => {
      const image = values.slice(n * SIZE, (n + 1) * SIZE);
      expect([...result.slice(n * SIZE, (n + 1) * SIZE)], `image ${n}`).toEqual(twin(image, index, settings));
    });
    expect(result).not.toEqual(values);
    expect(values).toEqual(images(40));
  });

  it('draws every shift and both sides equally often, anew in each epoch', () => {
    const settings = { cropPadding: 1, flip: true };
    const image = Float32Array.from({ length: SIZE }, (_, i) => i + 1);
    const counts = new Map<string, number>();
    const draws = 9000;
    for (let index = 0; index < draws; index++) {
      const result = augmented(image, SHAPE, Uint32Array.of(index), settings, BORDER, epoch);
      counts.set(result.join(), (counts.get(result.join()) ?? 0) + 1);
    }
    expect(counts.size).toBe(18);
    // Five standard errors of a count of a binomial.
    const share = 1 / 18;
    for (const count of counts.values()) {
      expect(Math.abs(count - draws * share)).toBeLessThan(5 * Math.sqrt(draws * share * (1 - share)));
    }
    const once = augmented(images(20), SHAPE, rowsOf(20), settings, BORDER, epoch);
    expect(augmented(images(20), SHAPE, rowsOf(20), settings, BORDER, stream('test', 'next'))).not.toEqual(once);
  });

  it('of an image depends on nothing else in its batch', () => {
    const settings = { cropPadding: 2, flip: true };
    const values = images(6);
    const rows = rowsOf(6);
    const together = augmented(values, SHAPE, rows, settings, BORDER, epoch);
    const alone = augmented(values.slice(4 * SIZE, 5 * SIZE), SHAPE, rows.slice(4, 5), settings, BORDER, epoch);
    expect(alone).toEqual(together.slice(4 * SIZE, 5 * SIZE));
  });

  it('leaves images as they are where nothing is asked for', () => {
    const values = images(3);
    expect(augmented(values, SHAPE, rowsOf(3), { cropPadding: 0, flip: false }, BORDER, epoch)).toBe(values);
  });
});
