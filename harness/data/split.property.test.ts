import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { stream } from '../random.ts';
import { stratifiedSplit } from './split.ts';

const classes = ['a', 'b', 'c'];
const labelled = fc
  .record({
    counts: fc.tuple(fc.integer({ min: 5, max: 60 }), fc.integer({ min: 5, max: 60 }), fc.integer({ min: 5, max: 60 })),
    seed: fc.nat(),
  })
  .map(({ counts, seed }) => {
    const sorted = counts.flatMap((count, label) => Array<number>(count).fill(label));
    return {
      counts,
      seed,
      labels: Array.from(stream('mixed', seed).permutation(sorted.length), (i) => sorted[i] ?? -1),
    };
  });

test.prop([labelled])('puts every image into exactly one split', ({ labels, seed }) => {
  const { train, validation, test: held } = stratifiedSplit(labels, classes, stream(seed));
  const all = [...train, ...validation, ...held].sort((a, b) => a - b);
  expect(all).toEqual(labels.map((_, i) => i));
});

test.prop([labelled])(
  'gives validation a tenth and test a fifth of every class, rounded',
  ({ labels, counts, seed }) => {
    const split = stratifiedSplit(labels, classes, stream(seed));
    const count = (indices: Uint32Array, label: number) => indices.filter((i) => labels[i] === label).length;
    counts.forEach((n, label) => {
      expect(count(split.validation, label)).toBe(Math.round(n / 10));
      expect(count(split.test, label)).toBe(Math.round(n / 5));
    });
  },
);

test.prop([labelled])('is the same again for the same stream, and does not consume it', ({ labels, seed }) => {
  const own = stream(seed);
  expect(stratifiedSplit(labels, classes, own)).toEqual(stratifiedSplit(labels, classes, own));
});
