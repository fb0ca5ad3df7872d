import { type Network, type Split, tf } from 'attribench';
import { beforeAll, expect, test } from 'vitest';
import check from './null-block-zeroing.ts';
import { blocks, brightness, content, evaluate, judge, measureOf, PIXELS } from './support/testing.ts';
import { withoutNullBlock } from './support/zeroing.ts';

beforeAll(() => tf.setBackend('cpu'));

test('only the pixels of the null block become zero, in every channel, in numbers and in bytes', () => {
  const masks = { signal: Uint8Array.of(1, 0, 0), null: Uint8Array.of(0, 1, 0) };
  const zeroed = (images: Uint8Array | Float32Array) => [
    ...withoutNullBlock({ images, labels: Int32Array.of(0), masks }, [1, 3, 2]).images,
  ];
  expect(zeroed(Uint8Array.of(1, 2, 3, 4, 5, 6))).toEqual([1, 2, 0, 0, 5, 6]);
  expect(zeroed(Float32Array.of(1, 2, 3, 4, 5, 6))).toEqual([1, 2, 0, 0, 5, 6]);
});

/** The signal block above, null blocks bright in every second pair of images. */
const above = blocks(300, () => true);
const SPLIT: Split = {
  ...above,
  images: above.images.map((value, i) =>
    i % PIXELS < PIXELS / 2 ? value : Math.floor(i / PIXELS) % 4 < 2 ? 0.9 : 0.1,
  ),
};

async function judged(network: Network<'gradient' | 'weights'>, split = SPLIT) {
  const output = await evaluate(check, { networks: { weights: network }, datasets: { data: content(split) } });
  return judge(check, [output, output, output]);
}

test('a model that looks at the signal alone keeps every prediction', async () => {
  const judgement = await judged(brightness(0, PIXELS / 2));
  expect(measureOf(judgement, 'unchanged')).toMatchObject({ estimate: 1, n: { models: 3, images: 300 } });
});

test('a model that looks at the null block alone changes those that it called bright', async () => {
  const judgement = await judged(brightness(PIXELS / 2, PIXELS));
  expect(measureOf(judgement, 'unchanged').estimate).toBe(0.5);
  expect(judgement.verdict).toBe('fail');
});

test('fifty unchanged images are too few to show 99 %, four hundred are enough', () => {
  const output = (images: number) => Array.from({ length: images }, () => 1);
  expect(judge(check, [output(50), output(50), output(50)]).verdict).toBe('undecided');
  expect(judge(check, [output(400), output(400), output(400)]).verdict).toBe('pass');
});

test('no tensor is left behind', async () => {
  const before = tf.memory().numTensors;
  await judged(brightness(0, PIXELS));
  expect(tf.memory().numTensors).toBe(before);
});

test('images without masks are not applicable', async () => {
  const { masks: _, ...bare } = SPLIT;
  await expect(judged(brightness(0, PIXELS), bare)).rejects.toMatchObject({ name: 'NotApplicable' });
});
