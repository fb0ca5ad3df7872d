/** What sets of pixels add to a first dense layer, beside images that hold these pixels alone. */
import { afterEach, describe, expect, test } from 'vitest';
import { loadEngine } from '../engine/index.ts';
import { enginesTested } from '../engine/testing/engines.ts';
import { stream } from '../random.ts';
import * as tf from '../tfjs.js';
import { functionNetwork } from './function-network.ts';
import { type LayerGraph, layerGraph } from './graph.ts';
import { layersNetwork } from './layers-network.ts';

const SHAPE = [4, 3, 2] as const;
const PIXELS = 12;
const CLASSES = 3;

const { dense, flatten } = tf.layers;
const through = (from: tf.SymbolicTensor, ...layers: tf.layers.Layer[]) =>
  layers.reduce((reached, layer) => layer.apply(reached) as tf.SymbolicTensor, from);
const hidden = () => dense({ units: 5, activation: 'relu' });
const logits = () => dense({ units: CLASSES });

type Build = (images: tf.SymbolicTensor) => tf.SymbolicTensor;

const WITH: { readonly [what: string]: Build } = {
  'an MLP': (images) => through(images, flatten(), hidden(), logits()),
  'an MLP with a normalisation, taken into the layer': (images) =>
    through(
      images,
      flatten(),
      dense({ units: 5, useBias: false }),
      tf.layers.batchNormalization(),
      tf.layers.reLU(),
      logits(),
    ),
  'an MLP that reshapes and drops out first': (images) =>
    through(images, tf.layers.reshape({ targetShape: [24] }), tf.layers.dropout({ rate: 0.3 }), hidden(), logits()),
};

const WITHOUT: { readonly [what: string]: Build } = {
  'a convolution first': (images) =>
    through(images, tf.layers.conv2d({ filters: 2, kernelSize: 3, activation: 'relu' }), flatten(), logits()),
  'a dense layer over channels': (images) =>
    through(images, dense({ units: 4, activation: 'relu' }), flatten(), logits()),
  'two dense layers without a kink between': (images) =>
    through(images, flatten(), dense({ units: 5 }), dense({ units: 4 }), tf.layers.reLU(), logits()),
  'coordinates in another order': (images) =>
    through(images, tf.layers.permute({ dims: [3, 1, 2] }), flatten(), hidden(), logits()),
  'channels that a flattening puts first': (images) =>
    through(images, flatten({ dataFormat: 'channelsFirst' }), hidden(), logits()),
};

const graphs: LayerGraph[] = [];

function built(build: Build) {
  const images = tf.input({ shape: [...SHAPE] });
  const graph = layerGraph(tf.model({ inputs: images, outputs: build(images) }));
  const numbers = stream('dense-stem');
  for (const { variable, short, shape } of graph.variables) {
    const size = shape.reduce((product, side) => product * side, 1);
    const value = tf.tensor(numbers.uniforms(size, short === 'movingVariance' ? 0.3 : -1, 1), [...shape]);
    variable.write(value);
    value.dispose();
  }
  graphs.push(graph);
  return layersNetwork(graph, SHAPE, CLASSES);
}

afterEach(() => {
  for (const graph of graphs.splice(0)) for (const { variable } of graph.variables) variable.dispose();
});

const imagesOf = (count: number) =>
  tf.tensor4d(stream('dense-stem', 'images').uniforms(count * 24, -1, 1), [count, ...SHAPE]);

function expectClose(actual: tf.Tensor, expected: tf.Tensor): void {
  expect(actual.shape).toEqual(expected.shape);
  const [got, wanted] = [actual.dataSync<'float32'>(), expected.dataSync<'float32'>()];
  wanted.forEach((value, i) => {
    expect(Math.abs(value - (got[i] ?? Number.NaN))).toBeLessThan(2e-6);
  });
}

const SETS: { readonly [what: string]: readonly number[][] } = {
  'the sets of a partition': [
    [0, 3, 6, 9],
    [1, 4, 7, 10],
    [2, 5, 8, 11],
  ],
  'sets of several sizes that overlap': [[11], [0, 1, 2, 3, 4], [4, 0], [7, 8, 11]],
  'an empty set, first': [[], [4, 2], [1]],
  'one set of all': [Array.from({ length: PIXELS }, (_, p) => p)],
};

const engines = (await enginesTested()).filter(({ present }) => present).map(({ name }) => name);

describe.each(engines)('on %s', (engine) => {
  test.each(Object.keys(WITH))('%s', async (what) => {
    await loadEngine(engine);
    const { network, dispose } = built(WITH[what] as Build);
    const stem = network.denseStem;
    if (stem === undefined) throw new Error('no dense stem');
    const before = tf.memory().numTensors;
    for (const [which, sets] of Object.entries(SETS)) {
      for (const n of [1, 4]) {
        const images = imagesOf(n);
        const parts = stem.parts(sets);
        tf.tidy(() => {
          expectClose(stem.logitsOf(stem.outputs(images)), network.logits(images));
          const values = parts.of(images);
          // One set after the other: an image that is black but there, less a black one.
          const slow = sets.map((set) => {
            const mask = tf.buffer([PIXELS, 1]);
            for (const pixel of set) mask.set(1, pixel, 0);
            const there = tf.mul(images, mask.toTensor().reshape([1, 4, 3, 1])) as tf.Tensor4D;
            return tf.sub(stem.outputs(there), stem.outputs(tf.zerosLike(images)));
          });
          expectClose(values, tf.stack(slow, 0));
          if (which === 'the sets of a partition') {
            const black = stem.outputs(tf.zeros([1, ...SHAPE]));
            expectClose(tf.add(tf.sum(values, 0), black), stem.outputs(images));
          }
        });
        parts.dispose();
        images.dispose();
      }
    }
    expect(tf.memory().numTensors).toBe(before);
    dispose();
  });
});

test.each(Object.keys(WITHOUT))('%s: none', async (what) => {
  await loadEngine('cpu');
  const { network, dispose } = built(WITHOUT[what] as Build);
  expect(network.denseStem).toBeUndefined();
  dispose();
});

test('a function has none', async () => {
  const model = { logits: (images: tf.Tensor4D) => tf.sum(images, [1, 2]) as tf.Tensor2D, dispose: () => {} };
  expect(functionNetwork(model, SHAPE, 2).denseStem).toBeUndefined();
});
