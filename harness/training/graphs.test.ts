/** Trainings, attacks and evaluations run as whole graphs give what the operations one by one give, to the bit. */
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { DatasetContent, Model } from '../contracts.ts';
import { defineModel } from '../define.ts';
import { loadEngine } from '../engine/index.ts';
import { refusedPrograms } from '../engine/native/programs/index.ts';
import { enginesTested } from '../engine/testing/engines.ts';
import { buildNetwork } from '../network/build.ts';
import { crossEntropy } from '../network/objectives.ts';
import { stream } from '../random.ts';
import * as tf from '../tfjs.js';
import { robustAccuracy } from './evaluation.ts';
import { DESCENT, descend } from './gradient-descent.ts';
import { initialise } from './initialisation.ts';
import type { Adversary } from './pgd.ts';

const present = (await enginesTested()).some(({ name, present }) => name === 'tensorflow' && present);

const SHAPE = [6, 6, 2] as const;
const SIZE = 6 * 6 * 2;
const CLASSES = 3;
const ADVERSARY: Adversary = { norm: 'l2', eps: 0.5, steps: 3 };

const sequential = (id: string, layers: () => tf.layers.Layer[]): Model =>
  defineModel({ id, title: id, cite: 'none', revision: 1, build: () => tf.sequential({ layers: layers() }) });

const inputShape = [...SHAPE];
const MODELS: readonly Model[] = [
  sequential('multilayer', () => [
    tf.layers.flatten({ name: 'flatten', inputShape }),
    tf.layers.dense({ name: 'hidden', units: 20, activation: 'relu' }),
    tf.layers.dense({ name: 'logits', units: CLASSES }),
  ]),
  sequential('convolutional', () => [
    tf.layers.conv2d({ name: 'convolution', filters: 5, kernelSize: 3, padding: 'same', useBias: false, inputShape }),
    tf.layers.batchNormalization({ name: 'norm', momentum: 0.9 }),
    tf.layers.activation({ name: 'relu', activation: 'relu' }),
    tf.layers.maxPooling2d({ name: 'pool', poolSize: 2 }),
    tf.layers.conv2d({ name: 'second', filters: 4, kernelSize: 2 }),
    tf.layers.batchNormalization({ name: 'norm2', momentum: 0.5 }),
    tf.layers.globalAveragePooling2d({ name: 'mean' }),
    tf.layers.dense({ name: 'logits', units: CLASSES }),
  ]),
  sequential('dropping', () => [
    tf.layers.flatten({ name: 'flatten', inputShape }),
    tf.layers.dropout({ name: 'dropout', rate: 0.4 }),
    tf.layers.dense({ name: 'logits', units: CLASSES }),
  ]),
];

/** 22 images: batches of 8, 8 and 6. */
function problem(): DatasetContent {
  const labels = Int32Array.from({ length: 22 }, (_, i) => i % CLASSES);
  const images = stream('graphs', 'images').uniforms(labels.length * SIZE);
  const split = { images, labels };
  const splits = { train: split, validation: split, test: split };
  return { shape: SHAPE, classes: ['a', 'b', 'c'], bounds: { low: 0, high: 1 }, splits };
}

/** Everything that a training leaves, and what its network then gives. */
async function trained(model: Model, adversary: Adversary | null) {
  const data = problem();
  const architecture = { inputShape: SHAPE, classes: CLASSES, parameters: {} };
  const tensors = tf.memory().numTensors;
  const built = buildNetwork(model, architecture, initialise(model, architecture, stream('graphs', 'initial')));
  const { trainable, network } = built;
  if (trainable === null) throw new Error('not trainable');
  const { log } = await descend({
    trainable,
    data,
    settings: { ...DESCENT, batchSize: 8, epochs: 5, stopBelow: 0, decayEvery: 2 },
    adversary,
    stream: stream('graphs', 'training'),
    signal: new AbortController().signal,
    progress: () => {},
  });
  const { hash } = await trainable.snapshot();
  const { test } = data.splits;
  const robust = await robustAccuracy(network, test, SHAPE, data.bounds, ADVERSARY);
  const gradients = [1, 2, 3, 4].map((call) =>
    tf.tidy(() => {
      const images = tf.tensor4d(stream('graphs', 'explained', call).uniforms(4 * SIZE), [4, ...SHAPE]);
      const labels = tf.tensor1d([0, 1, 2, call % 3], 'int32');
      return [...network.inputGradient(images, crossEntropy(labels)).dataSync(), ...network.logits(images).dataSync()];
    }),
  );
  built.dispose();
  return { log, hash, robust, gradients, leaked: tf.memory().numTensors - tensors };
}

afterEach(() => {
  vi.unstubAllEnvs();
});

describe.runIf(present).each(MODELS)('$id', (model) => {
  test.each([
    ['clean', null],
    ['attacked', ADVERSARY],
  ] as const)('%s', async (_, adversary) => {
    await loadEngine('tensorflow');
    const refusedBefore = refusedPrograms().length;
    vi.stubEnv('ATTRIBENCH_GRAPHS', 'off');
    const operations = await trained(model, adversary);
    vi.unstubAllEnvs();
    const first = await trained(model, adversary);
    // Its graphs are there from the first step on.
    const second = await trained(model, adversary);
    expect(first).toEqual(operations);
    expect(second).toEqual(operations);
    expect(operations.leaked).toBe(0);
    const refused = refusedPrograms().slice(refusedBefore);
    if (model.id === 'dropping') expect(refused).toContain('it draws dropout masks');
    else expect(refused).toEqual([]);
  });
});
