import { type AttributionMaps, type Split, stream } from 'attribench';
import { sampleRankCorrelation } from 'simple-statistics';
import { expect, test } from 'vitest';
import check from './before-after-training.ts';
import { blocks, content, evaluate, judge, mapsOf, measureOf, PIXELS } from './support/testing.ts';

const SPLIT = blocks(120, (image) => image % 2 === 0);

async function judged(
  mapsFor: (t: number) => { readonly before: AttributionMaps; readonly after: AttributionMaps },
  split: Split = SPLIT,
) {
  const outputs = [0, 1, 2].map((t) =>
    evaluate(check, { maps: mapsFor(t), datasets: { data: content(split) } }, stream('ties', t)),
  );
  return judge(check, await Promise.all(outputs));
}

const noise = (t: number, when: string, scale = 1) => {
  const random = stream('noise', when, t);
  return mapsOf(SPLIT, () => scale * random.normal());
};

test('maps that grow and keep nothing of their order pass', async () => {
  const judgement = await judged((t) => ({ before: noise(t, 'before'), after: noise(t, 'after', 40) }));
  const ratio = measureOf(judgement, 'norm-ratio').estimate ?? 0;
  expect(ratio).toBeGreaterThan(38);
  expect(ratio).toBeLessThan(42);
  const { interval } = measureOf(judgement, 'rank-correlation');
  expect(interval?.[0]).toBeLessThan(0);
  expect(interval?.[1]).toBeGreaterThan(0);
  expect(judgement.verdict).toBe('pass');
});

test('maps that never look at the weights fail: ratio and correlation are 1', async () => {
  const judgement = await judged(() => ({ before: noise(0, 'same'), after: noise(0, 'same') }));
  expect(measureOf(judgement, 'norm-ratio').estimate).toBeCloseTo(1, 12);
  expect(measureOf(judgement, 'rank-correlation').estimate).toBeCloseTo(1, 12);
  expect(judgement.verdict).toBe('fail');
});

test('maps that only grow fail, and so do maps that only change', async () => {
  const grown = await judged(() => ({ before: noise(0, 'same'), after: noise(0, 'same', 40) }));
  expect(grown.verdict).toBe('fail');
  const changed = await judged((t) => ({ before: noise(t, 'before'), after: noise(t, 'after') }));
  expect(changed.verdict).toBe('fail');
});

test('each figure equals its slow twin', async () => {
  const [before, after] = [noise(7, 'before'), noise(7, 'after', 3)];
  const value = await evaluate(check, { maps: { before, after }, datasets: { data: content(SPLIT) } });
  const row = ({ values }: AttributionMaps, image: number) => [...values.slice(image * PIXELS, (image + 1) * PIXELS)];
  const length = (values: readonly number[]) => Math.sqrt(values.map((v) => v ** 2).reduce((a, b) => a + b));
  const images = [0, 1, 119];
  const expected = images.map((image) => {
    const [b, a] = [row(before, image), row(after, image)];
    return {
      normBefore: expect.closeTo(length(b), 6),
      normAfter: expect.closeTo(length(a), 6),
      magnitude: expect.closeTo(sampleRankCorrelation(b.map(Math.abs), a.map(Math.abs)), 9),
      signed: expect.closeTo(sampleRankCorrelation(b, a), 9),
    };
  });
  const got = value as { readonly [name: string]: readonly number[] };
  expect(
    images.map((image) => ({
      normBefore: got.normBefore?.[image],
      normAfter: got.normAfter?.[image],
      magnitude: got.magnitude?.[image],
      signed: got.signed?.[image],
    })),
  ).toEqual(expected);
});

test('a background where every map is zero looks like agreement; the foreground shows that there is none', async () => {
  const dark: Split = { ...SPLIT, images: SPLIT.images.map((value, i) => (i % 4 === 0 ? value : 0)) };
  const shown = (t: number, when: string, scale = 1) => {
    const maps = noise(t, when, scale);
    return { ...maps, values: maps.values.map((value, i) => (i % 4 === 0 ? value : 0)) };
  };
  const judgement = await judged((t) => ({ before: shown(t, 'before'), after: shown(t, 'after', 40) }), dark);
  expect(measureOf(judgement, 'rank-correlation').estimate).toBeGreaterThan(0.7);
  expect(Math.abs(measureOf(judgement, 'rank-correlation-foreground').estimate ?? 1)).toBeLessThan(0.1);
});

test('constant maps have no rank correlation: undecided at best, and told', async () => {
  const one = mapsOf(SPLIT, () => 1);
  const judgement = await judged(() => ({ before: one, after: one }));
  expect(measureOf(judgement, 'rank-correlation')).toMatchObject({ estimate: null, interval: null });
  expect(judgement.notes.join()).toContain('360 of 360 maps are constant');
  const zero = mapsOf(SPLIT, () => 0);
  const vanished = await judged(() => ({ before: zero, after: one }));
  expect(measureOf(vanished, 'norm-ratio').estimate).toBeNull();
  expect(vanished.verdict).toBe('undecided');
});

test('leakage stands beside it, before and after', async () => {
  const oracle = mapsOf(SPLIT, (image, i) => SPLIT.masks?.signal[image * PIXELS + i] ?? 0);
  const judgement = await judged((t) => ({ before: noise(t, 'before'), after: oracle }));
  expect(measureOf(judgement, 'before-null-mass').estimate).toBeCloseTo(0.5, 1);
  expect(measureOf(judgement, 'after-null-mass').estimate).toBe(0);
});

test('maps that do not fit the images are refused', async () => {
  const short = { ...noise(0, 'x'), values: new Float32Array(PIXELS) };
  await expect(judged(() => ({ before: short, after: noise(0, 'x') }))).rejects.toThrow('expected as many');
});
