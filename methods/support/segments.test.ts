import { type ImageShape, stream, tf } from 'attribench';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { loadEngine } from '../../harness/engine/index.ts';
import { gridSegments, type Segmentation, segmenter, share, slicSegments, spread } from './segments.ts';

beforeAll(async () => {
  await loadEngine('wasm');
});

/** Labels as rows of an image. */
const rows = ({ labels }: Segmentation, width: number) =>
  Array.from({ length: labels.length / width }, (_, row) =>
    Array.from(labels.subarray(row * width, (row + 1) * width)),
  );

test('a grid has squares from the upper left corner, cut at the lower and right edge', () => {
  expect(rows(gridSegments(3, 5, 2), 5)).toEqual([
    [0, 0, 1, 1, 2],
    [0, 0, 1, 1, 2],
    [3, 3, 4, 4, 5],
  ]);
  expect(gridSegments(3, 5, 2).count).toBe(6);
  expect(gridSegments(4, 4, 9)).toEqual({ labels: new Int32Array(16), count: 1 });
  expect(Array.from(gridSegments(2, 3, 1).labels)).toEqual([0, 1, 2, 3, 4, 5]);
});

/** The pixels reached from `first` through neighbours of the same label, one step at a time. */
function reached(labels: Int32Array, width: number, first: number): Set<number> {
  const found = new Set([first]);
  for (const p of found) {
    for (const next of [p - width, p + width, p % width === 0 ? -1 : p - 1, (p + 1) % width === 0 ? -1 : p + 1]) {
      if (labels[next] === labels[first]) found.add(next);
    }
  }
  return found;
}

test('SLIC makes a partition into connected segments, none empty, of any image', () => {
  const cases = fc.record({
    shape: fc.tuple(fc.integer({ min: 1, max: 13 }), fc.integer({ min: 1, max: 13 }), fc.constantFrom(1, 3)),
    size: fc.integer({ min: 1, max: 6 }),
    name: fc.nat(),
    levels: fc.constantFrom(1, 2, 1000),
  });
  fc.assert(
    fc.property(cases, ({ shape, size, name, levels }) => {
      const [height, width, channels] = shape;
      const values = stream('slic', name)
        .uniforms(height * width * channels)
        .map((v) => Math.floor(v * levels) / levels);
      const { labels, count } = slicSegments(values, shape, size, 0.1);
      expect(new Set(labels)).toEqual(new Set(Array.from({ length: count }, (_, k) => k)));
      labels.forEach((label, p) => {
        const members = labels.reduce((sum, other) => sum + (other === label ? 1 : 0), 0);
        expect(reached(labels, width, p).size).toBe(members);
        // Only the first has none before it to join.
        if (label > 0) expect(members).toBeGreaterThanOrEqual((size * size) / 4);
      });
    }),
    { numRuns: 40, seed: 1 },
  );
});

describe('SLIC on a picture of two tones with a border that no grid has', () => {
  const shape: ImageShape = [16, 16, 1];
  const dark = (p: number) => (p % 16) + Math.floor(p / 16) / 4 < 9.3;
  const values = Float32Array.from({ length: 256 }, (_, p) => (dark(p) ? 0 : 1));

  test('follows the border: no segment holds both tones', () => {
    const { labels, count } = slicSegments(values, shape, 4, 0.1);
    for (let label = 0; label < count; label++) {
      const tones = Array.from(values).filter((_, p) => labels[p] === label);
      expect(new Set(tones).size, `segment ${label}`).toBe(1);
    }
    expect(count).toBeGreaterThan(10);
    expect(count).toBeLessThan(24);
  });

  test('a constant picture gives the grid', () => {
    expect(
      slicSegments(
        values.map(() => 0.3),
        shape,
        4,
        0.1,
      ),
    ).toEqual(gridSegments(16, 16, 4));
    expect(slicSegments(new Float32Array(70), [10, 7, 1], 4, 0.1)).toEqual(gridSegments(10, 7, 4));
  });
});

test('each image has segments of its own, whatever travels with it', async () => {
  const one = stream('one').uniforms(48);
  const other = stream('other').uniforms(48);
  const bounds = { low: 0, high: 1 };
  const parameters = { segments: 'slic', segmentSize: 3 };
  const images = tf.tensor4d(Float32Array.of(...one, ...other), [2, 8, 6, 1]);
  const segments = await segmenter('tried', { images, bounds }, parameters);
  expect(segments(0)).toEqual(slicSegments(one, [8, 6, 1], 3, 0.1));
  expect(segments(1)).toEqual(slicSegments(other, [8, 6, 1], 3, 0.1));
  images.dispose();
});

test('SLIC does not depend on the unit of the values', async () => {
  const values = stream('unit').uniforms(48);
  const of = async (factor: number) => {
    const images = tf.tensor4d(
      values.map((value) => value * factor),
      [1, 8, 6, 1],
    );
    const segments = await segmenter(
      'tried',
      { images, bounds: { low: 0, high: factor } },
      { segments: 'slic', segmentSize: 2 },
    );
    images.dispose();
    return segments(0);
  };
  expect(await of(256)).toEqual(await of(1));
});

test('maps of a segmentation', () => {
  const segments: Segmentation = { labels: Int32Array.of(0, 1, 1, 2), count: 3 };
  expect(Array.from(spread(segments, Float64Array.of(3, 8, 9)))).toEqual([3, 8, 8, 9]);
  expect(Array.from(share(segments, Float64Array.of(3, 8, 9), 2))).toEqual([1.5, 2, 2, 4.5]);
});

test('refuses settings by name', async () => {
  const images = tf.zeros<tf.Rank.R4>([1, 4, 4, 1]);
  const make = (segments: string, segmentSize: number) =>
    segmenter('tried', { images, bounds: { low: 0, high: 1 } }, { segments, segmentSize });
  await expect(make('quickshift', 4)).rejects.toThrow(
    '[attribench] method "tried": segments is "quickshift", expected "grid" or "slic"',
  );
  await expect(make('grid', 0.5)).rejects.toThrow('segmentSize is 0.5, expected an integer from 1');
  images.dispose();
});
