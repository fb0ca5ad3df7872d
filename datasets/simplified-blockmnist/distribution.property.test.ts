import { fc, test } from '@fast-check/vitest';
import { type DatasetContent, stream } from 'attribench';
import { describe, expect } from 'vitest';
import simplifiedBlockMnist from '../simplified-blockmnist.ts';
import { drawSamples, exhaustiveSupport, makeSetting } from './distribution.ts';

const numRuns = Number(process.env.ATTRIBENCH_THEORY_RUNS ?? 100);

const parts = fc
  .record({
    half: fc.integer({ min: 1, max: 32 }),
    dimension: fc.integer({ min: 1, max: 16 }),
    noise: fc.nat(200).map((percent) => percent / 100),
    seed: fc.nat(1000),
  })
  .map(({ half, dimension, noise, seed }) => ({
    setting: makeSetting({ blocks: 2 * half, noise, direction: stream('test', 'u', seed).normals(dimension) }),
    numbers: stream('test', 'x', seed),
  }));

const load = (overrides: object): DatasetContent =>
  simplifiedBlockMnist.load({
    parameters: { ...simplifiedBlockMnist.parameters, train: 60, validation: 20, test: 40, ...overrides },
    sources: [],
    stream: stream('data', 'simplified-blockmnist', 0),
    folder: 'absent',
    signal: new AbortController().signal,
    progress: () => {},
  }) as DatasetContent;

describe('samples', () => {
  test.prop([parts], { numRuns })(
    'are y u* in one relevant block and noise in a ball of radius eta',
    ({ setting, numbers }) => {
      const { blocks, dimension, noise, direction } = setting;
      expect(Math.hypot(...direction)).toBeCloseTo(1, 12);
      const { inputs, labels, signalBlocks } = drawSamples(setting, 3, numbers);
      for (let i = 0; i < 3; i++) {
        const signal = signalBlocks[i] ?? -1;
        expect(signal).toBeGreaterThanOrEqual(0);
        expect(signal).toBeLessThan(blocks / 2);
        for (let block = 0; block < blocks; block++) {
          const at = (i * blocks + block) * dimension;
          const rest = [...direction].map(
            (u, k) => (inputs[at + k] ?? 0) - (block === signal ? (labels[i] ?? 0) * u : 0),
          );
          expect(Math.hypot(...rest)).toBeLessThanOrEqual(noise * (1 + 1e-12) + 1e-12);
        }
      }
    },
  );

  test('labels, signal blocks and the noise are uniform', () => {
    const setting = makeSetting({ blocks: 6, dimension: 3, noise: 1 });
    const count = 6000;
    const { inputs, labels, signalBlocks } = drawSamples(setting, count, stream('test', 'uniform'));
    // Four standard deviations of the mean.
    const deviation = (p: number) => 4 * Math.sqrt((p * (1 - p)) / count);
    const share = (yes: (i: number) => boolean) =>
      Array.from({ length: count }, (_, i) => yes(i)).filter(Boolean).length / count;
    expect(Math.abs(share((i) => labels[i] === 1) - 1 / 2)).toBeLessThan(deviation(1 / 2));
    for (let block = 0; block < 3; block++) {
      expect(Math.abs(share((i) => signalBlocks[i] === block) - 1 / 3)).toBeLessThan(deviation(1 / 3));
    }
    // Half of the ball's volume lies within radius 2^(-1/3); half of it on either side of a plane.
    const last = (i: number) => inputs.subarray(i * 18 + 15, i * 18 + 18);
    expect(Math.abs(share((i) => Math.hypot(...last(i)) < 0.5 ** (1 / 3)) - 1 / 2)).toBeLessThan(deviation(1 / 2));
    for (let k = 0; k < 3; k++) {
      expect(Math.abs(share((i) => (last(i)[k] ?? 0) > 0) - 1 / 2)).toBeLessThan(deviation(1 / 2));
    }
  });
});

describe('the exhaustive support at eta = 0', () => {
  test('has one point a label and relevant block', () => {
    const { inputs, labels, signalBlocks } = exhaustiveSupport(makeSetting({ blocks: 4 }));
    expect([...labels]).toEqual([1, 1, -1, -1]);
    expect([...signalBlocks]).toEqual([0, 1, 0, 1]);
    expect([...inputs]).toEqual([1, 0, 0, 0, 0, 1, 0, 0, -1, 0, 0, 0, 0, -1, 0, 0]);
  });

  test('is refused where there is noise', () => {
    expect(() => exhaustiveSupport(makeSetting({ blocks: 4, noise: 0.1 }))).toThrow(RangeError);
  });
});

describe('the data set', () => {
  test('has images of one block a row, masks of the signal block and bounds that hold', () => {
    const { shape, classes, bounds, splits } = load({ blocks: 6, dimension: 2, noise: 0.3, direction: [3, 4] });
    expect({ shape, classes, bounds }).toEqual({
      shape: [6, 2, 1],
      classes: ['-1', '+1'],
      bounds: { low: -1.3, high: 1.3 },
    });
    const { images, labels, masks } = splits.train;
    expect(images.length).toBe(60 * 12);
    expect(images.every((value) => Math.abs(value) <= 1.3)).toBe(true);
    for (let i = 0; i < 60; i++) {
      const signal = Array.from(masks?.signal.subarray(i * 12, (i + 1) * 12) ?? []);
      expect(signal.reduce((sum, value) => sum + value, 0)).toBe(2);
      const at = signal.indexOf(1);
      expect([at % 2, at < 6]).toEqual([0, true]);
      const along = 0.6 * (images[i * 12 + at] ?? 0) + 0.8 * (images[i * 12 + at + 1] ?? 0);
      expect(Math.sign(along)).toBe(labels[i] === 1 ? 1 : -1);
      expect(signal.map((value, k) => value + (masks?.null[i * 12 + k] ?? 0))).toEqual(new Array(12).fill(1));
    }
  });

  test('exhaustive: every split is the support', () => {
    const { splits } = load({ exhaustive: true });
    expect(splits.test.labels.length).toBe(10);
    expect(splits.train).toEqual(splits.test);
  });
});

describe('what is wrong is named with its range', () => {
  test.each<[object, RegExp]>([
    [{ blocks: 3 }, /blocks is 3, expected an even integer from 2/],
    [{ blocks: 0 }, /blocks is 0/],
    [{ noise: -0.1 }, /noise is -0.1, expected a finite number from 0/],
    [{ noise: Number.NaN }, /noise is NaN/],
    [{ dimension: 0 }, /dimension is 0, expected an integer from 1/],
    [{ dimension: 2, direction: [1] }, /direction has 1 numbers, expected dimension = 2/],
    [{ dimension: 2, direction: [0, 0] }, /direction is \[0,0\], expected finite numbers that are not all 0/],
    [{ direction: [Number.POSITIVE_INFINITY] }, /direction is \[Infinity\]/],
    [{ exhaustive: true, noise: 0.1 }, /noise is 0.1, expected 0/],
    [{ train: 0 }, /a split has 0 images, expected from 1/],
  ])('%j', (overrides, sentence) => {
    expect(() => load(overrides)).toThrow(sentence);
    expect(() => load(overrides)).toThrow(RangeError);
  });
});
