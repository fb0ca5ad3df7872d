/** Stems beside whole input gradients, on every engine present: networks that end, fork and begin in all ways. */
import { describe, expect, it, test } from 'vitest';
import { loadEngine } from '../engine/index.ts';
import { enginesTested } from '../engine/testing/engines.ts';
import { stream } from '../random.ts';
import * as tf from '../tfjs.js';
import { functionNetwork } from './function-network.ts';
import { type LayerGraph, layerGraph } from './graph.ts';
import { layersNetwork } from './layers-network.ts';
import { classLogit } from './objectives.ts';
import { cutGraph } from './stem.ts';

const SHAPE = [6, 5, 2] as const;
const CLASSES = 3;

const { conv2d, depthwiseConv2d, dense, activation, flatten, batchNormalization } = tf.layers;
const call = (layer: tf.layers.Layer, ...inputs: tf.SymbolicTensor[]) =>
  layer.apply(inputs.length === 1 ? (inputs[0] as tf.SymbolicTensor) : inputs) as tf.SymbolicTensor;
const through = (from: tf.SymbolicTensor, ...layers: tf.layers.Layer[]) =>
  layers.reduce((reached, layer) => call(layer, reached), from);
const relu = (name: string) => activation({ name, activation: 'relu' });
/** A hidden layer with a kink, and logits. */
const end = (from: tf.SymbolicTensor) =>
  through(
    from.shape.length === 2 ? from : call(flatten({ name: 'last-flat' }), from),
    dense({ name: 'last', units: 7, activation: 'tanh' }),
    dense({ name: 'logits', units: CLASSES }),
  );

type Build = (images: tf.SymbolicTensor) => tf.SymbolicTensor;

/** Each with the node that its stem ends in. */
const NETWORKS: readonly (readonly [what: string, stem: string, build: Build])[] = [
  [
    'dense layers with activations of their own',
    'hidden',
    (images) =>
      end(through(images, flatten({ name: 'flat' }), dense({ name: 'hidden', units: 9, activation: 'relu' }))),
  ],
  [
    'dense layers without an activation between them',
    'dropped',
    (images) =>
      end(
        through(
          images,
          dense({ name: 'each-pixel', units: 4 }),
          tf.layers.permute({ name: 'turned', dims: [3, 1, 2] }),
          tf.layers.reshape({ name: 'reshaped', targetShape: [4, 30] }),
          dense({ name: 'rows', units: 5, useBias: false }),
          tf.layers.dropout({ name: 'dropped', rate: 0.5 }),
          relu('relu'),
        ),
      ),
  ],
  [
    'a padded, strided and normalised convolution',
    'taken',
    (images) =>
      end(
        through(
          images,
          tf.layers.zeroPadding2d({ name: 'pad', padding: 1 }),
          conv2d({ name: 'conv', filters: 4, kernelSize: 3, strides: 2, useBias: false }),
          batchNormalization({ name: 'taken' }),
          relu('relu'),
        ),
      ),
  ],
  [
    'convolutions, poolings and a normalisation of rows',
    'deep',
    (images) =>
      end(
        through(
          images,
          batchNormalization({ name: 'rows', axis: 1 }),
          tf.layers.averagePooling2d({ name: 'pool', poolSize: 2, strides: 1, padding: 'same' }),
          conv2d({ name: 'fine', filters: 3, kernelSize: 2 }),
          depthwiseConv2d({ name: 'deep', kernelSize: 2, depthMultiplier: 2 }),
          relu('relu'),
        ),
      ),
  ],
  [
    'a residual from the images',
    'images',
    (images) => {
      const side = call(conv2d({ name: 'side', filters: 2, kernelSize: 3, padding: 'same' }), images);
      return end(call(tf.layers.add({ name: 'sum' }), images, call(relu('relu'), side)));
    },
  ],
  [
    'images read twice by one node',
    'images',
    (images) => end(call(tf.layers.multiply({ name: 'square' }), images, images)),
  ],
  [
    'a residual behind a convolution',
    'first',
    (images) => {
      const first = call(conv2d({ name: 'first', filters: 3, kernelSize: 2 }), images);
      const second = through(first, relu('relu'), conv2d({ name: 'second', filters: 3, kernelSize: 1 }));
      return end(call(tf.layers.add({ name: 'sum' }), first, second));
    },
  ],
  ['an activation at once', 'images', (images) => end(call(relu('relu'), images))],
  [
    'a maximum behind a convolution',
    'conv',
    (images) =>
      end(
        through(
          images,
          conv2d({ name: 'conv', filters: 3, kernelSize: 2 }),
          tf.layers.maxPooling2d({ name: 'max', poolSize: 2 }),
        ),
      ),
  ],
  [
    'an affine function as a whole',
    'logits',
    (images) =>
      through(
        images,
        flatten({ name: 'flat' }),
        dense({ name: 'hidden', units: 4 }),
        dense({ name: 'logits', units: CLASSES }),
      ),
  ],
];

/** The graph with any weights; variances stay positive. */
function someGraph(build: Build): LayerGraph {
  const images = tf.input({ shape: [...SHAPE], name: 'images' });
  const graph = layerGraph(tf.model({ inputs: images, outputs: build(images) }));
  const numbers = stream('stem');
  for (const { variable, short, shape } of graph.variables) {
    const size = shape.reduce((product, side) => product * side, 1);
    const value = tf.tensor(numbers.uniforms(size, short === 'movingVariance' ? 0.3 : -1, 1), [...shape]);
    variable.write(value);
    value.dispose();
  }
  return graph;
}

const some = (name: string, count: number) =>
  tf.tensor4d(stream('stem', name).uniforms(count * 60, -1, 1), [count, ...SHAPE]);

function expectClose(actual: tf.Tensor, expected: tf.Tensor): void {
  expect(actual.shape).toEqual(expected.shape);
  const [got, wanted] = [actual.dataSync<'float32'>(), expected.dataSync<'float32'>()];
  const largest = wanted.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  expect(largest).toBeGreaterThan(1e-3);
  const difference = got.reduce((most, value, i) => Math.max(most, Math.abs(value - (wanted[i] ?? Number.NaN))), 0);
  expect(difference / largest).toBeLessThan(1e-5);
}

const engines = (await enginesTested()).filter(({ present }) => present).map(({ name }) => name);

describe.each(engines)('on %s', (engine) => {
  it.each(NETWORKS)('%s', async (_, stem, build) => {
    await loadEngine(engine);
    const graph = someGraph(build);
    expect(cutGraph(graph).stem.output).toBe(stem);
    const { network } = layersNetwork(graph, SHAPE, CLASSES);
    const owned = tf.memory().numTensors;
    tf.tidy(() => {
      const copies = some('copies', 6);
      const objective = classLogit(tf.tensor1d([0, 1, 2, 0, 1, 2], 'int32'));
      const each = network.inputGradient(copies, objective);
      const ofStem = network.stemGradient(network.stem(copies), objective);
      expectClose(network.stemTransposed(ofStem), each);
      // A weighted sum passes the transpose once.
      const weights = tf.tensor1d([0.5, -1, 2, 0.25, 3, -0.125]);
      const sum = (values: tf.Tensor) =>
        tf.sum(tf.mul(values, weights.reshape([6, ...values.shape.slice(1).map(() => 1)])), 0, true);
      expectClose(network.stemTransposed(sum(ofStem)), sum(each));
      // Outputs between two images lie between their outputs.
      const [a, b] = [some('a', 2), some('b', 2)];
      const between = (from: tf.Tensor, to: tf.Tensor) => tf.add(from, tf.mul(tf.sub(to, from), 0.3));
      expectClose(between(network.stem(a), network.stem(b)), network.stem(between(a, b) as tf.Tensor4D));
    });
    expect(tf.memory().numTensors).toBe(owned);
    tf.dispose([network.stem(tf.tidy(() => some('a', 1)))]);
    for (const { variable } of graph.variables) variable.dispose();
  });
});

test('weights that are set later are read', async () => {
  await loadEngine('cpu');
  const graph = someGraph((images) =>
    end(through(images, flatten({ name: 'flat' }), dense({ name: 'hidden', units: 9 }), relu('relu'))),
  );
  const { network } = layersNetwork(graph, SHAPE, CLASSES);
  const images = some('a', 1);
  const ones = tf.ones([1, 9]);
  const before = network.stemTransposed(ones);
  for (const { variable } of graph.variables) variable.write(tf.mul(variable.read(), 2));
  expectClose(network.stemTransposed(ones), tf.mul(before, 2));
  const objective = classLogit(tf.tensor1d([1], 'int32'));
  expectClose(
    network.stemTransposed(network.stemGradient(network.stem(images), objective)),
    network.inputGradient(images, objective),
  );
});

test('a function has the images for its stem, and leaves nothing', async () => {
  await loadEngine('cpu');
  const logits = (images: tf.Tensor4D) => tf.square(images).reshape<tf.Tensor2D>([-1, 60]).slice([0, 0], [-1, CLASSES]);
  const network = functionNetwork({ logits, dispose: () => {} }, SHAPE, CLASSES);
  const images = some('a', 2);
  const objective = classLogit(tf.tensor1d([1, 2], 'int32'));
  const before = tf.memory().numTensors;
  const outputs = network.stem(images);
  const ofStem = network.stemGradient(outputs, objective);
  const gradient = network.stemTransposed(ofStem);
  const whole = network.inputGradient(images, objective);
  expectClose(outputs, images);
  expectClose(gradient, whole);
  tf.dispose([outputs, ofStem, gradient, whole]);
  expect(tf.memory().numTensors).toBe(before);
});
