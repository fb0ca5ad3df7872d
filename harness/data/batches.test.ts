import { beforeAll, expect, test } from 'vitest';
import type { ImageShape, Split } from '../contracts.ts';
import * as tf from '../tfjs.js';
import { batchTensor, inMemory, maskTensor } from './batches.ts';
import { made } from './made-content.ts';

beforeAll(() => tf.setBackend('cpu'));

const shape: ImageShape = [2, 3, 2];
const bytes: Split = {
  images: Uint8Array.from({ length: 48 }, (_, i) => (i * 37) % 256),
  labels: new Int32Array(4),
  masks: {
    signal: Uint8Array.from({ length: 24 }, (_, i) => i % 2),
    null: Uint8Array.from({ length: 24 }, (_, i) => (i + 1) % 2),
  },
};

test('an image stands where its index says, in [0, 1]', async () => {
  const batch = batchTensor(bytes, shape, [3, 0, 3]);
  expect(batch.shape).toEqual([3, 2, 3, 2]);
  const values = await batch.array();
  for (const [row, image] of [3, 0, 3].entries()) {
    for (let h = 0; h < 2; h++) {
      for (let w = 0; w < 3; w++) {
        for (let c = 0; c < 2; c++) {
          const byte = bytes.images[((image * 2 + h) * 3 + w) * 2 + c] ?? -1;
          expect(values[row]?.[h]?.[w]?.[c]).toBe(Math.fround(byte / 255));
        }
      }
    }
  }
  batch.dispose();
});

test('floats are taken as they are', async () => {
  const images = Float32Array.from({ length: 48 }, (_, i) => i - 20.5);
  const batch = batchTensor({ images, labels: bytes.labels }, shape, Uint32Array.of(1));
  expect(await batch.data()).toEqual(images.slice(12, 24));
  batch.dispose();
});

test('masks have one channel', async () => {
  const signal = maskTensor(bytes, shape, [1], 'signal');
  const empty = maskTensor(bytes, shape, [1], 'null');
  expect(signal.shape).toEqual([1, 2, 3, 1]);
  expect([...(await signal.data())]).toEqual([0, 1, 0, 1, 0, 1]);
  expect([...(await empty.data())]).toEqual([1, 0, 1, 0, 1, 0]);
  tf.dispose([signal, empty]);
});

test('an index out of range and absent masks are refused, and no tensor is left behind', () => {
  const before = tf.memory().numTensors;
  for (const index of [4, -1, 0.5])
    expect(() => batchTensor(bytes, shape, [0, index])).toThrow(`image index ${index}, expected 0 to 3`);
  expect(() => maskTensor({ images: bytes.images, labels: bytes.labels }, shape, [0], 'null')).toThrow('no masks');
  expect(tf.memory().numTensors).toBe(before);
});

test.each([bytes.images, Float32Array.from(bytes.images, (value) => value / 7)])(
  'a reader gives what an array of the same images gives',
  async (images) => {
    const array = { images, labels: bytes.labels };
    const gather = (indices: ArrayLike<number>) => {
      const values = images.slice(0, indices.length * 12);
      for (let row = 0; row < indices.length; row++)
        values.set(images.subarray(12 * (indices[row] ?? 0), 12 * (indices[row] ?? 0) + 12), 12 * row);
      return values;
    };
    const [expected, read] = [array, { ...array, images: { gather } }].map((split) =>
      batchTensor(split, shape, [2, 0, 2]),
    );
    expect(await read?.data()).toEqual(await expected?.data());
    tf.dispose([expected, read].filter((tensor) => tensor !== undefined));
  },
);

test('content whose images stay on disk is not brought into memory', () => {
  const content = made(1, 2, { bytes: true, masks: false });
  expect(inMemory(content)).toEqual(content);
  const images = { gather: () => new Uint8Array() };
  const large = { ...content, splits: { ...content.splits, train: { ...content.splits.train, images } } };
  expect(() => inMemory(large)).toThrow('[attribench] the images do not fit in memory');
});
