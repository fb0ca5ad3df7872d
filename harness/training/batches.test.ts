import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { DatasetContent } from '../contracts.ts';
import { defineModel } from '../define.ts';
import { engineBroken, loadEngine } from '../engine/index.ts';
import { enginesTested } from '../engine/testing/engines.ts';
import { ADAPTER_VARIABLE, dawnVersion } from '../engine/webgpu/adapter.ts';
import { buildNetwork } from '../network/build.ts';
import { stream } from '../random.ts';
import * as tf from '../tfjs.js';
import { type BatchSource, EVALUATION_BATCH, forEachBatch, gatherBatch, keepSplit } from './batches.ts';
import { DESCENT, descend } from './gradient-descent.ts';
import { initialise } from './initialisation.ts';

const SHAPE = [3, 2, 1] as const;
// Large enough that TensorFlow.js does not compute on them in JavaScript.
const COUNT = 210;
const numbers = stream('batches');
const labels = Int32Array.from({ length: COUNT }, (_, i) => i % 3);
const bytes = { images: Uint8Array.from({ length: COUNT * 6 }, () => numbers.integer(256)), labels };
const floats = { images: numbers.uniforms(COUNT * 6), labels };
const rows = Uint32Array.from([5, 0, 69, 5, 33]);

function repeatedTwice<Values extends Float32Array | Uint8Array | Int32Array>(values: Values): Values {
  const all = new (values.constructor as new (length: number) => Values)(2 * values.length);
  all.set(values);
  all.set(values, values.length);
  return all;
}

const present = (await enginesTested()).filter((engine) => engine.present);

describe.each(present)('a split kept on $name', ({ name }) => {
  beforeAll(async () => {
    await loadEngine(name);
  });

  test.each([
    { what: 'bytes', split: bytes },
    { what: 'floats', split: floats },
  ])('gives the same bits as one gathered in JavaScript: $what', async ({ split }) => {
    const before = tf.memory().numTensors;
    const kept = keepSplit(split, SHAPE, 2 ** 20);
    const batch = tf.tidy(() => ({ ...(kept as BatchSource).batch((kept as BatchSource).inputs(rows)) }));
    const expected = gatherBatch(split, SHAPE, rows);
    expect(batch.images.shape).toEqual(expected.images.shape);
    expect(await batch.images.data()).toEqual(await expected.images.data());
    expect(Array.from(await batch.labels.data())).toEqual(Array.from(await expected.labels.data()));
    tf.dispose([expected.images, expected.labels, batch.images, batch.labels]);
    kept?.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  test.each([
    { what: 'bytes', split: bytes },
    { what: 'floats', split: floats },
  ])('every row once, in order, in batches: $what', async ({ split }) => {
    // More than one batch, the last one short.
    const long = { images: repeatedTwice(split.images), labels: repeatedTwice(split.labels) };
    const before = tf.memory().numTensors;
    const seen: { from: number; images: number[]; labels: number[] }[] = [];
    await forEachBatch(long, SHAPE, async (batch, from) => {
      seen.push({ from, images: [...(await batch.images.data())], labels: [...(await batch.labels.data())] });
    });
    expect(tf.memory().numTensors).toBe(before);
    const scale = split.images instanceof Uint8Array ? 255 : 1;
    expect(seen.map(({ from }) => from)).toEqual([0, EVALUATION_BATCH]);
    expect(seen.flatMap((batch) => batch.labels)).toEqual([...long.labels]);
    expect(seen.flatMap(({ images }) => images)).toEqual([...long.images].map((value) => Math.fround(value / scale)));
  });

  test('is not kept where it is too large or stays on disk', () => {
    expect(keepSplit(floats, SHAPE, COUNT * 6 * 4 - 1)).toBeNull();
    expect(keepSplit({ images: { gather: () => new Uint8Array(0) }, labels }, SHAPE, 2 ** 20)).toBeNull();
  });
});

if (dawnVersion() === undefined) {
  test('training on webgpu: absent (its optional packages are not installed)', () => {
    expect(dawnVersion()).toBeUndefined();
  });
} else {
  describe('training on the null backend of webgpu', () => {
    beforeAll(async () => {
      vi.stubEnv(ADAPTER_VARIABLE, 'null');
      await loadEngine('webgpu');
    });
    afterAll(() => {
      vi.unstubAllEnvs();
    });

    test.each([
      { what: 'standard', adversary: null },
      { what: 'PGD L2', adversary: { norm: 'l2', eps: 1, steps: 3 } },
      { what: 'PGD Linf', adversary: { norm: 'linf', eps: 0.1, steps: 3 } },
    ] as const)('uploads the images once and reads only losses: $what', async ({ adversary }) => {
      const data: DatasetContent = {
        shape: SHAPE,
        classes: ['a', 'b', 'c'],
        bounds: { low: 0, high: 1 },
        splits: { train: bytes, validation: bytes, test: bytes },
      };
      const model = defineModel({
        id: 'test-model',
        title: 'Test',
        cite: 'none',
        revision: 1,
        build: ({ inputShape, classes }) =>
          tf.sequential({
            layers: [
              tf.layers.flatten({ name: 'flatten', inputShape: [...inputShape] }),
              tf.layers.dense({ name: 'logits', units: classes, kernelInitializer: 'zeros' }),
            ],
          }),
      });
      const architecture = { inputShape: SHAPE, classes: 3, parameters: {} };
      const built = buildNetwork(model, architecture, initialise(model, architecture, stream('test')));
      const { trainable } = built;
      if (trainable === null) throw new Error('a sequential model can be trained');
      const read = vi.spyOn(tf.backend(), 'read');
      const write = vi.spyOn(tf.backend(), 'write');
      const settings = { ...DESCENT, batchSize: 30, epochs: 3, stopBelow: -1, cropPadding: 0, flip: false };
      await descend({
        trainable,
        data,
        settings,
        adversary,
        stream: stream('test', 'descent'),
        signal: new AbortController().signal,
        progress: () => {},
      });
      const uploads = write.mock.calls.filter(([values]) => (values?.length ?? 0) >= 30 * 6);
      expect(uploads.map(([values]) => values?.length)).toEqual([COUNT * 6, COUNT]);
      // Once an epoch: its seven steps' losses together.
      expect(read).toHaveBeenCalledTimes(3);
      read.mockRestore();
      write.mockRestore();
      built.dispose();
      expect(engineBroken()).toBeUndefined();
    });
  });
}
