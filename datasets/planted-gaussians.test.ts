import { type DatasetContent, stream, UsageError } from 'attribench';
import { describe, expect, test } from 'vitest';
import dataset from './planted-gaussians.ts';

const load = (overrides: object = {}): DatasetContent =>
  dataset.load({
    parameters: { ...dataset.parameters, ...overrides },
    sources: [],
    stream: stream('data', 'planted-gaussians'),
    folder: 'absent',
    signal: new AbortController().signal,
    progress: () => {},
  }) as DatasetContent;

/** Values of one coordinate over the images for which `chosen` holds. */
function column({ splits: { train } }: DatasetContent, at: number, size: number, chosen: (image: number) => boolean) {
  return [...train.labels.keys()].filter(chosen).map((image) => train.images[image * size + at] ?? 0);
}
const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const signalOf = ({ splits: { train } }: DatasetContent, image: number, size: number) =>
  [...Array(size).keys()].filter((i) => train.masks?.signal[image * size + i] === 1);

describe('with one place', () => {
  const data = load({ strength: 2, train: 4000 });
  const informative = signalOf(data, 0, 64);

  test('the signal mask is the same eight coordinates everywhere, the null mask the rest', () => {
    expect(informative).toHaveLength(8);
    for (const image of [1, 17, 3999]) expect(signalOf(data, image, 64)).toEqual(informative);
    const { signal, null: nothing } = data.splits.test.masks ?? { signal: [], null: [] };
    expect(Array.from(signal, (inside, i) => inside + (nothing[i] ?? 0)).every((sum) => sum === 1)).toBe(true);
  });

  test('each is lifted by the strength for one class of four, the others by nothing', () => {
    const lifted = informative.map((at) =>
      [0, 1, 2, 3].map((c) => mean(column(data, at, 64, (i) => data.splits.train.labels[i] === c)) - 3),
    );
    for (const means of lifted) {
      const sorted = [...means].sort((a, b) => a - b);
      // Five standard errors of a mean of about 1,000.
      for (const [i, expected] of [0, 0, 0, 2].entries())
        expect(Math.abs((sorted[i] ?? 9) - expected)).toBeLessThan(0.16);
    }
    const classes = lifted.map((means) => means.indexOf(Math.max(...means))).sort();
    expect(classes).toEqual([0, 0, 1, 1, 2, 2, 3, 3]);
    for (let at = 0; at < 64; at++) {
      if (!informative.includes(at)) {
        for (const c of [0, 1, 2, 3]) {
          const away = mean(column(data, at, 64, (i) => data.splits.train.labels[i] === c)) - 3;
          expect(Math.abs(away)).toBeLessThan(0.16);
        }
      }
    }
  });

  test('splits are drawn apart, and no image depends on how many there are', () => {
    const few = load({ strength: 2, train: 10 }).splits;
    expect(few.train.images).toEqual(data.splits.train.images.slice(0, 640));
    expect(few.train.labels).toEqual(data.splits.train.labels.slice(0, 10));
    expect(data.splits.test.images.slice(0, 64)).not.toEqual(data.splits.train.images.slice(0, 64));
  });
});

test('places move the signal, each image to one of disjoint sets, as often to either', () => {
  const data = load({ places: 2, train: 2000 });
  const sets = Array.from({ length: 2000 }, (_, image) => signalOf(data, image, 64).join());
  const kinds = [...new Set(sets)];
  expect(kinds).toHaveLength(2);
  expect(new Set(kinds.join().split(',')).size).toBe(16);
  // Four standard errors of a half.
  expect(Math.abs(sets.filter((set) => set === kinds[0]).length - 1000)).toBeLessThan(4 * Math.sqrt(500));
});

test('copies have the very same value', () => {
  const data = load({ copies: 3, informative: 4, train: 50 });
  const signal = signalOf(data, 0, 64);
  expect(signal).toHaveLength(12);
  for (let image = 0; image < 50; image++) {
    const values = signal.map((at) => data.splits.train.images[image * 64 + at]);
    expect(new Set(values).size).toBe(4);
  }
});

test('noise has variance 1 and the correlation asked for, by rows and columns', () => {
  const data = load({ correlation: 0.6, strength: 0, train: 3000 });
  const at = (row: number, col: number) => column(data, row * 8 + col, 64, () => true).map((value) => value - 3);
  const product = (a: number[], b: number[]) => mean(a.map((value, i) => value * (b[i] ?? 0)));
  const here = at(3, 3);
  // Four standard errors of a correlation from 3,000, and of a variance.
  for (const [there, expected] of [
    [at(3, 3), 1],
    [at(3, 4), 0.6],
    [at(4, 3), 0.6],
    [at(4, 4), 0.36],
    [at(5, 3), 0.36],
  ] as const) {
    expect(Math.abs(product(here, there) - expected)).toBeLessThan((4 * Math.sqrt(2)) / Math.sqrt(3000));
  }
});

test('refuses what does not fit', () => {
  for (const wrong of [{ informative: 65 }, { copies: 9 }, { correlation: 1 }, { classes: 1 }]) {
    expect(() => load(wrong)).toThrow(UsageError);
  }
});
