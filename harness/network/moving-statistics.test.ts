import { expect, test } from 'vitest';
import { loadEngine } from '../engine/index.ts';
import { enginesTested } from '../engine/testing/engines.ts';
import { stream } from '../random.ts';
import * as tf from '../tfjs.js';
import { Observations } from './moving-statistics.ts';

const numbers = (channels: number, ...names: (string | number)[]) => stream('statistics', ...names).uniforms(channels);

/** Passes of layers in order: channels, momentum, and which of the layers, by place. */
const LAYERS = [
  { channels: 5, momentum: 0.9 },
  { channels: 3, momentum: 0.5 },
  { channels: 5, momentum: 0.9 },
] as const;
const PASSES = [0, 1, 2, 0, 1, 0] as const;

test.each((await enginesTested()).filter(({ present }) => present))(
  'all move at once as each would by itself, a layer passed thrice three times: $name',
  async ({ name }) => {
    await loadEngine(name);
    const layers = LAYERS.map(({ channels }) => {
      const layer = tf.layers.batchNormalization({});
      layer.build([null, channels]);
      return layer;
    });
    const expected = LAYERS.map(({ channels }) => ({
      mean: new Float32Array(channels),
      variance: new Float32Array(channels).fill(1),
    }));
    const before = tf.memory().numTensors;
    const observations = new Observations();
    PASSES.forEach((place, pass) => {
      const { channels, momentum } = LAYERS[place];
      const seen = { mean: numbers(channels, pass, 'mean'), variance: numbers(channels, pass, 'variance') };
      for (const which of ['mean', 'variance'] as const) {
        const moving = expected[place]?.[which] as Float32Array;
        seen[which].forEach((value, i) => {
          moving[i] = momentum * (moving[i] as number) + (1 - momentum) * value;
        });
      }
      // Freed at the end of the pass but for what is kept.
      tf.tidy(() => {
        const tensors = { mean: tf.tensor1d(seen.mean), variance: tf.tensor1d(seen.variance) };
        observations.add(layers[place] as tf.layers.Layer, momentum, tensors);
      });
    });
    for (const { variable, value } of observations.moved()) {
      variable.assign(value);
      value.dispose();
    }
    for (const [place, layer] of layers.entries()) {
      for (const which of ['mean', 'variance'] as const) {
        const variable = layer.weights.find(({ originalName }) => originalName.endsWith(`moving_${which}`));
        const moved = [...((await variable?.read().data()) ?? [])];
        const want = [...(expected[place]?.[which] ?? [])];
        expect(moved.map((value, i) => Math.abs(value - (want[i] ?? 9)) < 1e-6)).toEqual(want.map(() => true));
      }
    }
    expect(tf.memory().numTensors).toBe(before);
    for (const layer of layers) for (const variable of layer.weights) variable.dispose();
  },
);

test('what was not moved is freed', async () => {
  await loadEngine('cpu');
  const before = tf.memory().numTensors;
  const observations = new Observations();
  tf.tidy(() => {
    observations.add(tf.layers.batchNormalization({}), 0.9, { mean: tf.zeros([2]), variance: tf.ones([2]) });
  });
  observations.dispose();
  expect(observations.moved()).toEqual([]);
  expect(tf.memory().numTensors).toBe(before);
});
