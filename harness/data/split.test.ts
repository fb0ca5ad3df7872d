import { describe, expect, test } from 'vitest';
import { stream } from '../random.ts';
import { splitByClass, stratifiedSplit } from './split.ts';

const classes = ['a', 'b', 'c'];
describe('stratifiedSplit', () => {
  test('differs between seeds', () => {
    const labels = Array.from({ length: 90 }, (_, i) => i % 3);
    const of = (seed: number) => stratifiedSplit(labels, classes, stream(seed)).test.toSorted();
    expect(of(0)).not.toEqual(of(1));
  });

  test('draws every class on its own', () => {
    const labels = Array.from({ length: 90 }, (_, i) => i % 3);
    const { test: held } = stratifiedSplit(labels, classes, stream('own'));
    const places = (label: number) =>
      [...held]
        .filter((i) => i % 3 === label)
        .map((i) => Math.floor(i / 3))
        .sort();
    expect(places(0)).not.toEqual(places(1));
  });

  test('mixes the classes within a split', () => {
    const labels = Array.from({ length: 3000 }, (_, i) => Math.floor(i / 1000));
    const { test: held } = stratifiedSplit(labels, classes, stream('mix'));
    const firstThird = [...held.slice(0, 200)].filter((i) => labels[i] === 0).length;
    expect(firstThird).toBeGreaterThan(40);
    expect(firstThird).toBeLessThan(95);
  });

  test('every image has the same chance of each split', () => {
    const labels = Array<number>(10).fill(0);
    const inTest = new Float64Array(10);
    const seeds = 2000;
    for (let seed = 0; seed < seeds; seed++) {
      for (const i of stratifiedSplit(labels, ['a'], stream('fair', seed)).test) inTest[i] = (inTest[i] ?? 0) + 1;
    }
    // Binomial(2000, 0.2): standard deviation 17.9; five of them.
    for (const count of inTest) expect(Math.abs(count - seeds / 5)).toBeLessThan(90);
  });

  test('refuses a class that is too small and a label out of range', () => {
    expect(() => stratifiedSplit([0, 0, 0, 0], ['cat'], stream(0))).toThrow(
      'class "cat" has 4 images, expected at least 5',
    );
    expect(() => stratifiedSplit([0, 3], classes, stream(0))).toThrow('image 1 has label 3, expected 0 to 2');
    expect(() => stratifiedSplit([-1], classes, stream(0))).toThrow('image 0 has label -1');
  });
});

test('splitByClass keeps each image with its label', () => {
  const labels = Array.from({ length: 60 }, (_, i) => i % 3);
  // Pixel values (label, index): what an image is can be read off it.
  const images = Uint8Array.from(labels.flatMap((label, i) => [label, i]));
  const { shape, bounds, splits } = splitByClass({ shape: [1, 2, 1], classes, images, labels }, stream('s'));
  expect(shape).toEqual([1, 2, 1]);
  expect(bounds).toEqual({ low: 0, high: 1 });
  const seen: number[] = [];
  for (const split of Object.values(splits)) {
    split.labels.forEach((label, i) => {
      expect(split.images[2 * i]).toBe(label);
      seen.push(split.images[2 * i + 1] ?? -1);
    });
  }
  expect(seen.sort((a, b) => a - b)).toEqual(labels.map((_, i) => i));
});
