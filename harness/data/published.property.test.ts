import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { stream } from '../random.ts';
import { drawPublished, publishedIndices } from './published.ts';

const classes = ['a', 'b', 'c'];
const labels = fc.array(fc.nat(2), { minLength: 6, maxLength: 120 });
/** Not fc.double, most of whose values below 1 lie next to 0. */
const share = fc.nat(1000).map((part) => part / 1000);
const asked = fc
  .record({ train: labels, test: labels, seed: fc.nat(), shares: fc.tuple(share, share, share) })
  .map(({ train, test: held, seed, shares }) => {
    const count = (share: number, most: number) => 1 + Math.floor(share * (most - 1));
    const validation = count(shares[0], train.length - 1);
    const counts = {
      validation,
      train: count(shares[1], train.length - validation),
      test: count(shares[2], held.length),
    };
    return { labels: { train, test: held }, counts, seed };
  });
const drawn = ({ labels, counts, seed }: Parameters<Parameters<typeof asked.map>[0]>[0]) =>
  publishedIndices(labels, classes, counts, stream('published', seed));
const histogram = (values: Iterable<number>) => {
  const counts = [0, 0, 0];
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
};

describe('publishedIndices', () => {
  test.prop([asked])('gives as many as asked for, none twice, none from the other part', (of) => {
    const { train, validation, test: held } = drawn(of);
    expect([train.length, validation.length, held.length]).toEqual([
      of.counts.train,
      of.counts.validation,
      of.counts.test,
    ]);
    expect(new Set([...train, ...validation]).size).toBe(train.length + validation.length);
    expect(new Set(held).size).toBe(held.length);
    for (const index of [...train, ...validation]) expect(index).toBeLessThan(of.labels.train.length);
    for (const index of held) expect(index).toBeLessThan(of.labels.test.length);
  });

  test.prop([asked])('keeps the share of every class to within one image', (of) => {
    const indices = drawn(of);
    for (const name of ['train', 'validation', 'test'] as const) {
      const from = name === 'test' ? of.labels.test : of.labels.train;
      const all = histogram(from);
      const got = histogram(Array.from(indices[name], (i) => from[i] ?? -1));
      // Up to the place t a class of n images has t n of them, give or take 1/2; the three classes together
      // are off by 3/2 at most, of which a class's share counts against it.
      got.forEach((count, label) => {
        const share = (all[label] ?? 0) / from.length;
        expect(Math.abs(count - share * indices[name].length)).toBeLessThanOrEqual(0.5 + 1.5 * share + 1e-9);
      });
    }
  });

  test.prop([asked, fc.nat()])('takes a small training split from a large one of the same seed', (of, less) => {
    const train = 1 + (less % of.counts.train);
    const large = drawn(of);
    const small = drawn({ ...of, counts: { ...of.counts, train } });
    const members = new Set(large.train);
    for (const index of small.train) expect(members).toContain(index);
    expect(small.validation).toEqual(large.validation);
    expect(small.test).toEqual(large.test);
  });
});

test('a small and a large class are shared out exactly where it comes out even', () => {
  const train = [...Array<number>(90).fill(0), ...Array<number>(10).fill(1)];
  const labelled = { train, test: train };
  const indices = publishedIndices(labelled, ['large', 'small'], { train: 50, validation: 30, test: 10 }, stream('s'));
  const small = (name: keyof typeof indices) => indices[name].filter((i) => i >= 90).length;
  expect([small('train'), small('validation'), small('test')]).toEqual([5, 3, 1]);
});

test('another seed draws and orders otherwise', () => {
  const labelled = { train: Array.from({ length: 99 }, (_, i) => i % 3), test: [0, 1, 2] };
  const of = (seed: number) =>
    publishedIndices(labelled, classes, { train: 30, validation: 30, test: 3 }, stream(seed)).train;
  expect(of(0)).toEqual(of(0));
  expect(new Set(of(0))).not.toEqual(new Set(of(1)));
  expect([...of(0)]).not.toEqual([...of(0)].sort((a, b) => a - b));
});

test('drawPublished keeps each image with its label and its part', () => {
  const part = (offset: number) => {
    const labels = Array.from({ length: 30 }, (_, i) => i % 3);
    return { labels, images: Uint8Array.from(labels.flatMap((label, i) => [label, offset + i])) };
  };
  const { shape, bounds, splits } = drawPublished(
    { shape: [1, 2, 1], classes, train: part(0), test: part(100) },
    { train: 12, validation: 6, test: 9 },
    stream('s'),
  );
  expect({ shape, bounds }).toEqual({ shape: [1, 2, 1], bounds: { low: 0, high: 1 } });
  for (const [name, { images, labels }] of Object.entries(splits)) {
    labels.forEach((label, i) => {
      expect(images[2 * i]).toBe(label);
      const index = images[2 * i + 1] ?? -1;
      expect((index % 100) % 3).toBe(label);
      expect(index >= 100).toBe(name === 'test');
    });
  }
});

test.each<[string, { train?: number; validation?: number; test?: number }]>([
  ['split train has 0 images, expected an integer from 1', { train: 0 }],
  ['split validation has 1.5 images', { validation: 1.5 }],
  ['split test has NaN images', { test: Number.NaN }],
  ['9 training and validation images are asked for, but 8 were published', { train: 7 }],
  ['5 test images are asked for, but 4 were published', { test: 5 }],
])('refuses: %s', (problem, counts) => {
  const labelled = { train: [0, 1, 2, 0, 1, 2, 0, 1], test: [0, 1, 2, 0] };
  const all = { train: 2, validation: 2, test: 2, ...counts };
  expect(() => publishedIndices(labelled, classes, all, stream(0))).toThrow(`[attribench] ${problem}`);
});

test('refuses a label that is no class', () => {
  const labelled = { train: [0, 3], test: [0] };
  const counts = { train: 1, validation: 1, test: 1 };
  expect(() => publishedIndices(labelled, classes, counts, stream(0))).toThrow('image 1 has label 3, expected 0 to 2');
});
