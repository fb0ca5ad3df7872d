import { describe, expect, test } from 'vitest';
import type { DatasetContent, Split } from '../contracts.ts';
import { decodeDataset, encodeDataset } from './content.ts';
import { made } from './made-content.ts';

test('equal content gives equal bytes', () => {
  const once = encodeDataset(made(1, 4, { bytes: true, masks: true }));
  expect(encodeDataset(made(1, 4, { bytes: true, masks: true }))).toEqual(once);
});

describe('content that contradicts itself is refused with one sentence', () => {
  const content = made(3, 4, { bytes: false, masks: true });
  const { test: held } = content.splits;
  const withTest = (change: Partial<Split>): DatasetContent => ({
    ...content,
    splits: { ...content.splits, test: { ...held, ...change } },
  });
  const masks = { signal: new Uint8Array(24), null: new Uint8Array(24) };

  test.each<[string, DatasetContent]>([
    ['shape is [2,3,0]', { ...content, shape: [2, 3, 0] }],
    ['it names 1 classes', { ...content, classes: ['one'] }],
    ['bounds are 1 to 0', { ...content, bounds: { low: 1, high: 0 } }],
    ['split test is empty', withTest({ labels: new Int32Array(0) })],
    ['split test has 71 pixel values, expected 72 for 4 labels', withTest({ images: held.images.slice(1) })],
    ['split test, image 2 has label 2, expected 0 to 1', withTest({ labels: Int32Array.of(0, 1, 2, 0) })],
    ['split test, image 0 has label -1', withTest({ labels: Int32Array.of(-1, 1, 1, 0) })],
    ['pixel value NaN, expected -1 to 2', withTest({ images: new Float32Array(72).fill(Number.NaN) })],
    ['pixel value 2.5, expected -1 to 2', withTest({ images: new Float32Array(72).fill(2.5) })],
    ['bytes stand for 0 to 1', { ...withTest({ images: new Uint8Array(72) }), bounds: { low: 0.5, high: 1 } }],
    ['masks of 23 and 24 values, expected 24', withTest({ masks: { ...masks, signal: new Uint8Array(23) } })],
    [
      'masks that overlap',
      withTest({ masks: { signal: masks.signal.fill(1, 5, 6), null: new Uint8Array(24).fill(1) } }),
    ],
    [
      'other values than 0 and 1',
      withTest({ masks: { signal: new Uint8Array(24).fill(255), null: new Uint8Array(24) } }),
    ],
    [
      'other values than 0 and 1',
      withTest({ masks: { signal: new Uint8Array(24), null: new Uint8Array(24).fill(2) } }),
    ],
  ])('%s', (problem, wrong) => {
    // The split checked first is train: float images outside new bounds would hide the case of bytes.
    const tried = problem.startsWith('bytes')
      ? { ...wrong, splits: { ...wrong.splits, train: wrong.splits.test } }
      : wrong;
    expect(() => encodeDataset(tried)).toThrow(`[attribench] data set content: `);
    expect(() => encodeDataset(tried)).toThrow(problem);
  });
});

test('an artifact without a part or an array is refused', () => {
  const { metadata, parts } = encodeDataset(made(1, 2, { bytes: true, masks: false }));
  const { train = new Uint8Array(), validation = new Uint8Array() } = parts;
  expect(() => decodeDataset(metadata, { train, validation })).toThrow('no part "test"');
  expect(() => decodeDataset(metadata, { ...parts, test: train.subarray(0, 40) })).toThrow('safetensors');
});

test('streamed images that are too few or too many are refused as they come', async () => {
  const content = made(1, 4, { bytes: true, masks: false });
  const { test: held } = content.splits;
  const drain = async (values: number) => {
    async function* blocks() {
      for (let i = 0; i < values; i++) yield new Uint8Array(1);
    }
    const splits = { ...content.splits, test: { ...held, images: { blocks } } };
    for await (const _ of encodeDataset({ ...content, splits }).streams['test-images'] ?? []);
  };
  await drain(72);
  await expect(drain(71)).rejects.toThrow(
    '[attribench] data set content: split test gave 71 pixel values, expected 72 for its labels',
  );
  await expect(drain(73)).rejects.toThrow('gave more pixel values, expected 72');
});
