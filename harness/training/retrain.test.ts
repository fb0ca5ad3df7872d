import { beforeAll, describe, expect, test } from 'vitest';
import type { DatasetContent, Split } from '../contracts.ts';
import { defineModel } from '../define.ts';
import { loadEngine } from '../engine/index.ts';
import { stream } from '../random.ts';
import * as tf from '../tfjs.js';
import { RETRAINING, retrain, retrainingSettings } from './retrain.ts';

beforeAll(() => loadEngine('cpu'));

const built: (readonly number[] | undefined)[] = [];
const model = defineModel({
  id: 'wide',
  title: 'Wide',
  cite: 'none',
  revision: 1,
  build: ({ inputShape, classes, widthShape }) => {
    built.push(widthShape);
    return tf.sequential({
      layers: [
        tf.layers.flatten({ name: 'flatten', inputShape: [...inputShape] }),
        tf.layers.dense({ name: 'logits', units: classes, kernelInitializer: 'zeros' }),
      ],
    });
  },
});

/** Class 1 is the brighter image. */
function data(): DatasetContent {
  const split = (name: string, n: number): Split => {
    const labels = Int32Array.from({ length: n }, (_, i) => i % 2);
    const images = stream(name).uniforms(n * 8, 0, 0.4);
    return { images: images.map((value, i) => value + 0.5 * (labels[Math.floor(i / 8)] ?? 0)), labels };
  };
  const splits = { train: split('train', 64), validation: split('validation', 4), test: split('test', 32) };
  return { shape: [2, 2, 2], classes: ['a', 'b'], bounds: { low: 0, high: 1 }, splits };
}

const run = (settings: object = {}, name = 'a') =>
  retrain({
    data: data(),
    widthShape: [2, 2, 1],
    model,
    modelParameters: {},
    settings: retrainingSettings({ batchSize: 16, ...settings }),
    stream: stream('retraining', name),
    signal: new AbortController().signal,
    progress: () => {},
  });

describe('a retraining', () => {
  test('runs all its epochs, however small the loss, and predicts every test image', async () => {
    const before = tf.memory().numTensors;
    const { status, log, predictions } = await run({ epochs: 40 });
    expect(status).toBe('finished');
    expect(log).toHaveLength(40);
    expect(log.at(-1)?.loss).toBeLessThan(0.2);
    expect([...(predictions ?? [])]).toEqual([...data().splits.test.labels]);
    expect(tf.memory().numTensors).toBe(before);
  });

  test('is decided by its stream', async () => {
    const losses = async (name: string) => (await run({ epochs: 2 }, name)).log.map(({ loss }) => loss);
    expect(await losses('a')).toEqual(await losses('a'));
    expect(await losses('b')).not.toEqual(await losses('a'));
  });

  test('keeps the width of the network without a mask', async () => {
    built.length = 0;
    await run({ epochs: 1 });
    expect(new Set(built.map(String))).toEqual(new Set(['2,2,1']));
  });

  test('that diverges has no predictions', async () => {
    expect(await run({ learningRate: 1e30 })).toMatchObject({ status: 'diverged', predictions: null });
  });
});

describe('settings', () => {
  test('are those of every training, but for the stop before the end', () => {
    expect(retrainingSettings({})).toEqual(RETRAINING);
    expect(retrainingSettings({ epochs: 3, flip: true })).toEqual({ ...RETRAINING, epochs: 3, flip: true });
  });

  test.each([
    [{ stopBelow: 0.1 }, 'setting "stopBelow" is unknown'],
    [{ epoch: 3 }, 'setting "epoch" is unknown'],
    [{ epochs: 0 }, 'epochs is 0, expected an integer from 1'],
    [{ momentum: '0.9' }, 'momentum is "0.9", expected a number from 0'],
    [{ flip: 1 }, 'flip is 1, expected a boolean'],
  ])('%j is refused', (settings, message) => {
    expect(() => retrainingSettings(settings)).toThrow(message);
  });
});
