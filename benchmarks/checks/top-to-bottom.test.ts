import { type AttributionMaps, type Split, stream, tf } from 'attribench';
import { beforeAll, expect, test } from 'vitest';
import { blocks, brightness, content, evaluate, judge, mapsOf, measureOf, PIXELS } from './support/testing.ts';
import check from './top-to-bottom.ts';

beforeAll(() => tf.setBackend('cpu'));

/** Signal blocks bright in class 1, null blocks bright in every second pair of images. */
function readable(signalOnTop: boolean): Split {
  const split = blocks(600, () => signalOnTop);
  const bright = (i: number) => {
    const image = Math.floor(i / PIXELS);
    return split.masks?.signal[i] === 1 ? image % 2 === 1 : image % 4 < 2;
  };
  return { ...split, images: split.images.map((_, i) => (bright(i) ? 0.9 : 0.1)) };
}
const TOP = readable(true);
const BOTTOM = readable(false);
const signalAlone = mapsOf(TOP, (_, i) => (i < PIXELS / 2 ? 1 : 0));

async function judged(maps: AttributionMaps, [from, to] = [0, PIXELS / 2], top = TOP) {
  const datasets = { top: content(top), bottom: content(BOTTOM) };
  const networks = { weights: brightness(from ?? 0, to ?? PIXELS) };
  const premise = await evaluate(check, { networks, datasets }, undefined, 'premise');
  const output = await evaluate(check, { values: { premise }, maps: { maps }, datasets }, undefined, 'leakage');
  return judge(check, [output, output, output]);
}

test('the oracle passes on a model that is right on Top and at chance on Bottom', async () => {
  const judgement = await judged(signalAlone);
  expect(measureOf(judgement, 'accuracy-top').estimate).toBe(1);
  expect(measureOf(judgement, 'accuracy-bottom').estimate).toBe(0.5);
  expect(measureOf(judgement, 'null-mass').estimate).toBe(0);
  expect(judgement.verdict).toBe('pass');
});

test('the inverted oracle and a random map fail', async () => {
  expect((await judged(mapsOf(TOP, (_, i) => (i < PIXELS / 2 ? 0 : 1)))).verdict).toBe('fail');
  const random = stream('random map');
  expect((await judged(mapsOf(TOP, () => random.normal()))).verdict).toBe('fail');
});

test('a model that breaks the premise leaves the verdict undecided and is told', async () => {
  const wrongSide = await judged(signalAlone, [PIXELS / 2, PIXELS]);
  expect(measureOf(wrongSide, 'accuracy-top').estimate).toBe(0.5);
  expect(measureOf(wrongSide, 'accuracy-bottom').estimate).toBe(1);
  expect(wrongSide.verdict).toBe('undecided');
  expect(wrongSide.notes.join()).toMatch(/accuracy on Top.*accuracy on Bottom/);
});

test('images whose signal moves, or without masks, are not applicable', async () => {
  const moving = blocks(600, (image) => image % 2 === 0);
  await expect(judged(signalAlone, undefined, moving)).rejects.toMatchObject({ name: 'NotApplicable' });
  const { masks: _, ...bare } = TOP;
  await expect(judged(signalAlone, undefined, bare)).rejects.toMatchObject({ name: 'NotApplicable' });
});
