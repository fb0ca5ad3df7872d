import { describe, expect, test } from 'vitest';
import type { DatasetContent, Split } from '../contracts.ts';
import { stream } from '../random.ts';
import { coordinateMoments } from './moments.ts';
import { REMOVAL_OPERATORS, type RemovalOperator, removalContext } from './operators.ts';

const SHAPE = [4, 3, 2] as const;
const SIZE = 24;
const split = (images: number, name: string): Split => ({
  images: stream(name).uniforms(images * SIZE),
  labels: new Int32Array(images),
});
const data: DatasetContent = {
  shape: SHAPE,
  classes: ['a', 'b'],
  bounds: { low: 0, high: 1 },
  splits: { train: split(50, 'train'), validation: split(5, 'validation'), test: split(5, 'test') },
};
const context = removalContext(data);
const operators: [string, RemovalOperator][] = Object.entries(REMOVAL_OPERATORS);
const drawMask = (name: number) =>
  Uint8Array.from(
    { length: SIZE },
    (
      (random) => () =>
        random.integer(2)
    )(stream(name)),
  );

/** An image after removal; the image of the given index. */
function removed(operator: RemovalOperator, index: number, mask: Uint8Array): Float32Array {
  const image = (data.splits.test.images as Float32Array).slice(index * SIZE, (index + 1) * SIZE);
  operator(image, mask, context, stream('removal', index));
  return image;
}

describe.each(operators)('%s', (_, operator) => {
  test("leaves what the mask keeps, replaces what it removes, in the image's own random numbers", () => {
    for (let image = 0; image < 5; image++) {
      const mask = drawMask(image);
      const before = data.splits.test.images.subarray(image * SIZE, (image + 1) * SIZE);
      const after = removed(operator, image, mask);
      mask.forEach((kept, i) => {
        if (kept === 1) expect(after[i]).toBe(before[i]);
        else expect(after[i]).not.toBe(before[i]);
        expect(after[i]).not.toBeNaN();
      });
      expect(removed(operator, image, mask)).toEqual(after);
    }
  });

  test('does not look at what it removes', () => {
    const mask = drawMask(7);
    const after = removed(operator, 0, mask);
    const image = (data.splits.test.images as Float32Array).slice(0, SIZE);
    mask.forEach((kept, i) => {
      if (kept === 0) image[i] = 100;
    });
    operator(image, mask, context, stream('removal', 0));
    expect(image).toEqual(after);
  });

  test('gives finite numbers where nothing is kept, and the image where all is', () => {
    expect(removed(operator, 1, new Uint8Array(SIZE)).every(Number.isFinite)).toBe(true);
    expect(removed(operator, 1, new Uint8Array(SIZE).fill(1))).toEqual(data.splits.test.images.slice(SIZE, 2 * SIZE));
  });
});

test('zero and mean put 0 and the training mean of the coordinate', () => {
  const mask = drawMask(3);
  const column = (i: number) => Array.from({ length: 50 }, (_, n) => data.splits.train.images[n * SIZE + i] ?? 0);
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  mask.forEach((kept, i) => {
    if (kept === 1) return;
    expect(removed(REMOVAL_OPERATORS.zero, 2, mask)[i]).toBe(0);
    expect(removed(REMOVAL_OPERATORS.mean, 2, mask)[i]).toBeCloseTo(mean(column(i)), 6);
  });
});

describe('moments', () => {
  test('equal their definition, of bytes too, and under a large common value', () => {
    const bytes = Uint8Array.from(
      { length: 90 },
      (
        (random) => () =>
          random.integer(256)
      )(stream('bytes')),
    );
    const shifted = Float32Array.from(bytes, (value) => value + 2 ** 20);
    const column = (i: number) => Array.from({ length: 30 }, (_, n) => bytes[n * 3 + i] ?? 0);
    for (let i = 0; i < 3; i++) {
      const mean = column(i).reduce((sum, value) => sum + value / 30, 0);
      const deviation = Math.sqrt(column(i).reduce((sum, value) => sum + (value - mean) ** 2 / 30, 0));
      expect(coordinateMoments(bytes, 3).mean[i]).toBeCloseTo(mean / 255, 6);
      expect(coordinateMoments(bytes, 3).deviation[i]).toBeCloseTo(deviation / 255, 6);
      expect(coordinateMoments(shifted, 3).deviation[i]).toBeCloseTo(deviation, 4);
    }
  });

  test('of nothing, or of parts of images, are refused', () => {
    expect(() => coordinateMoments(new Float32Array(0), 3)).toThrow('0 values for images of 3');
    expect(() => coordinateMoments(new Float32Array(4), 3)).toThrow('4 values for images of 3');
  });
});

test('noise has the moments of the coordinate, cut to the valid range', () => {
  const mask = new Uint8Array(SIZE);
  const wide = { ...context, bounds: { low: -100, high: 100 } };
  const draws = Array.from({ length: 4000 }, (_, n) => {
    const image = new Float32Array(SIZE);
    REMOVAL_OPERATORS.noise(image, mask, wide, stream('noise', n));
    return image;
  });
  for (let i = 0; i < SIZE; i++) {
    const values = draws.map((image) => image[i] ?? 0);
    const mean = values.reduce((sum, value) => sum + value, 0) / 4000;
    const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 4000);
    const expected = context.deviation[i] ?? 0;
    // Five standard errors each, of 48 figures.
    expect(Math.abs(mean - (context.mean[i] ?? 0))).toBeLessThan((5 * expected) / Math.sqrt(4000));
    expect(Math.abs(deviation / expected - 1)).toBeLessThan(5 / Math.sqrt(8000));
  }
  const narrow = new Float32Array(SIZE);
  REMOVAL_OPERATORS.noise(narrow, mask, { ...context, bounds: { low: 0.5, high: 0.6 } }, stream('cut'));
  const within = (value: number) => value >= Math.fround(0.5) && value <= Math.fround(0.6);
  expect(narrow.every(within)).toBe(true);
});
