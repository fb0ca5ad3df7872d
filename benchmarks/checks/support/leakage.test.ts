import { type AttributionMaps, type Measure, type Split, stream } from 'attribench';
import { expect, test } from 'vitest';
import { LEVELS, type Leakage, leakageMeasures, leakageOf, topCount } from './leakage.ts';
import { blocks, mapsOf, PIXELS } from './testing.ts';

test('k is the nearest whole number of coordinates, at least one', () => {
  expect(LEVELS.map((percent) => topCount(percent, 56 * 28))).toEqual([39, 78, 157, 235, 314, 392, 470]);
  expect(topCount(2.5, 20)).toBe(1);
  expect(topCount(2.5, 10)).toBe(1);
  expect(topCount(25, 10)).toBe(3);
});

/** Images of 6 x 5 x 3 with masks that leave some pixels to neither block. */
function colourful(images: number): { maps: AttributionMaps; split: Split } {
  const random = stream('colourful');
  const kinds = Array.from({ length: images * 30 }, () => random.integer(3));
  const values = Float32Array.from({ length: images * 90 }, () => random.integer(7) - 3);
  const labels = Int32Array.from({ length: images }, () => random.integer(2));
  return {
    maps: { shape: [6, 5, 3], rank: 'magnitude', values, classes: labels.map((label, i) => (i % 3 ? label : 1)) },
    split: {
      images: new Float32Array(images * 90),
      labels,
      masks: {
        signal: Uint8Array.from(kinds, (kind) => (kind === 0 ? 1 : 0)),
        null: Uint8Array.from(kinds, (kind) => (kind === 1 ? 1 : 0)),
      },
    },
  };
}

test('every figure equals its slow twin, with channels, ties and pixels of neither block', () => {
  const { maps, split } = colourful(12);
  for (const rank of ['magnitude', 'value'] as const) {
    const got = leakageOf({ ...maps, rank }, split, stream('ties'));
    for (let image = 0; image < 12; image++) {
      const order = stream('ties').derive(image).permutation(90);
      const entries = Array.from({ length: 90 }, (_, i) => {
        const value = maps.values[image * 90 + i] ?? 0;
        const pixel = image * 30 + Math.floor(i / 3);
        return {
          size: Math.abs(value),
          key: rank === 'magnitude' ? Math.abs(value) : value,
          tie: order.indexOf(i),
          isNull: split.masks?.null[pixel] === 1,
          isSignal: split.masks?.signal[pixel] === 1,
        };
      });
      const sum = (some: typeof entries) => some.reduce((total, { size }) => total + size, 0);
      expect(got.mass[image]).toBeCloseTo(sum(entries.filter((e) => e.isNull)) / sum(entries), 12);
      expect(got.nonZero[image]).toBe(entries.filter((e) => e.size !== 0).length);
      expect(got.nonZeroInSignal[image]).toBe(entries.filter((e) => e.size !== 0 && e.isSignal).length);
      expect(got.right[image]).toBe(maps.classes[image] === split.labels[image] ? 1 : 0);
      const ranked = entries.sort((a, b) => b.key - a.key || a.tie - b.tie);
      LEVELS.forEach((percent, level) => {
        const top = ranked.slice(0, topCount(percent, 90));
        expect(got.top[level]?.[image]).toBe(top.filter((e) => e.isNull).length);
      });
    }
    const nullPixels = split.masks?.null.reduce((total, inside) => total + inside, 0) ?? 0;
    expect(got.area).toBeCloseTo(nullPixels / (12 * 30), 12);
  }
});

test('a map of zeros counts as the share of the area, and is told', () => {
  const split = blocks(4, () => true);
  const leakage = leakageOf(
    mapsOf(split, () => 0),
    split,
    stream('ties'),
  );
  expect(leakage.mass).toEqual([0.5, 0.5, 0.5, 0.5]);
  const { notes } = leakageMeasures([leakage, leakage, leakage], { primary: true });
  expect(notes.join()).toContain('12 of 12 maps are zero everywhere');
});

test('maps or masks that do not fit the images are refused, and images without masks are not applicable', () => {
  const split = blocks(4, () => true);
  const maps = mapsOf(split, () => 1);
  expect(() => leakageOf({ ...maps, values: maps.values.slice(1) }, split, stream('ties'))).toThrow('one a coordinate');
  const { masks: _, ...bare } = split;
  expect(() => leakageOf(maps, bare, stream('ties'))).toThrow(expect.objectContaining({ name: 'NotApplicable' }));
});

test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])('a map with %f is refused', (value) => {
  const split = blocks(4, () => true);
  const maps = mapsOf(split, () => 1);
  const values = maps.values.slice();
  values[PIXELS + 1] = value;
  expect(() => leakageOf({ ...maps, values }, split, stream('ties'))).toThrow('not finite at coordinate 1');
});

function find(measures: readonly Measure[], id: string): Measure | undefined {
  return measures.find((candidate) => candidate.id === id);
}

/** Four images of 32 coordinates; by hand, so that every mean can be read off. */
const BY_HAND: Leakage = {
  coordinates: PIXELS,
  area: 0.5,
  right: [1, 1, 0, 0],
  mass: [0.1, 0.3, 0.8, 1],
  top: [
    [0, 0, 1, 1],
    [0, 1, 2, 2],
    [0, 1, 3, 3],
    [0, 1, 5, 5],
    [0, 2, 6, 6],
    [0, 2, 8, 8],
    [0, 2, 10, 10],
  ],
  nonZero: [32, 32, 32, 8],
  nonZeroInSignal: [16, 16, 16, 4],
};

test('means run over all images, and over those classified rightly', () => {
  const { measures } = leakageMeasures([BY_HAND, null, BY_HAND], { primary: true });
  expect(find(measures, 'null-mass')).toMatchObject({ primary: true, chance: 0.5, ideal: 0, better: 'lower' });
  expect(find(measures, 'null-mass')?.estimate).toBeCloseTo(0.55, 12);
  expect(find(measures, 'null-mass')?.replicates.map(({ value }) => value === null)).toEqual([false, true, false]);
  expect(find(measures, 'null-mass-right')?.estimate).toBeCloseTo(0.2, 12);
  expect(find(measures, 'null-top-10')?.estimate).toBeCloseTo((0 + 1 + 3 + 3) / 3 / 4, 12);
  expect(find(measures, 'null-top-10-right')?.estimate).toBeCloseTo((0 + 1) / 3 / 2, 12);
  expect(find(measures, 'non-zero')?.estimate).toBeCloseTo(104 / 128, 12);
  const wrong = leakageMeasures([{ ...BY_HAND, right: [0, 0, 0, 0] }], { primary: true }).measures;
  expect(find(wrong, 'null-mass-right')?.estimate).toBeNull();
});

test('a level is judged only where few images are saturated', () => {
  const { measures, notes } = leakageMeasures([BY_HAND], { primary: true });
  // The fourth image has 4 non-zero entries in its signal block: k = 3 fits, k = 5 does not.
  expect(find(measures, 'saturated-10')?.estimate).toBe(0);
  expect(find(measures, 'saturated-15')?.estimate).toBe(0.25);
  expect(find(measures, 'null-top-10')).toMatchObject({ better: 'lower', ideal: 0 });
  expect(find(measures, 'null-top-15')).toMatchObject({ better: 'none', ideal: null });
  expect(notes.join()).toContain('Not judged at k = 15 %, 20 %, 25 %, 30 %');
  const exactly = { ...BY_HAND, nonZeroInSignal: [16, 16, 16, 5] };
  expect(find(leakageMeasures([exactly], { primary: true }).measures, 'saturated-15')?.estimate).toBe(0);
});
