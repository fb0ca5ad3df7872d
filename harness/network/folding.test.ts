import { beforeAll, expect, test } from 'vitest';
import { loadEngine } from '../engine/index.ts';
import { stream } from '../random.ts';
import * as tf from '../tfjs.js';
import { foldedGraph, heldGraph } from './folding.ts';
import { EVALUATION } from './forward.ts';
import { layerGraph, runGraph, valueIn } from './graph.ts';

beforeAll(async () => {
  await loadEngine('wasm');
});

/** Every layer that takes a normalisation in, a convolution that something else reads too, and one of another axis. */
function someModel(): tf.LayersModel {
  const { conv2d, depthwiseConv2d, dense, activation, flatten, add } = tf.layers;
  const norm = (name: string, axis = -1) => tf.layers.batchNormalization({ name, axis, epsilon: 0.01 });
  const through = (layer: tf.layers.Layer, ...inputs: tf.SymbolicTensor[]) =>
    layer.apply(inputs.length === 1 ? (inputs[0] as tf.SymbolicTensor) : inputs) as tf.SymbolicTensor;
  const images = tf.input({ shape: [6, 6, 2] });
  let x = through(conv2d({ name: 'biased', filters: 3, kernelSize: 3, strides: 2, padding: 'same' }), images);
  x = through(norm('taken'), x);
  x = through(activation({ name: 'relu', activation: 'relu' }), x);
  x = through(depthwiseConv2d({ name: 'deep', kernelSize: 2, depthMultiplier: 2, useBias: false }), x);
  x = through(norm('taken-deep'), x);
  const shared = through(conv2d({ name: 'shared', filters: 4, kernelSize: 1 }), x);
  x = through(add({ name: 'sum' }), shared, through(norm('kept'), shared));
  x = through(norm('kept-rows', 1), through(conv2d({ name: 'rows', filters: 4, kernelSize: 1 }), x));
  x = through(dense({ name: 'dense', units: 5 }), through(flatten({ name: 'flat' }), x));
  return tf.model({ inputs: images, outputs: through(norm('taken-last'), x) });
}

test('a folded graph computes the same logits and input gradients, with fewer nodes', () => {
  const graph = layerGraph(someModel());
  const numbers = stream('folding');
  for (const { variable, short, shape } of graph.variables) {
    const size = shape.reduce((product, side) => product * side, 1);
    const [low, high] = short === 'movingVariance' ? [0.3, 2] : [-1, 1];
    variable.write(tf.tensor(numbers.uniforms(size, low, high), [...shape]));
  }
  const folded = foldedGraph(graph);
  const names = (nodes: readonly { name: string }[]) => nodes.map(({ name }) => name);
  const gone = names(graph.nodes).filter((name) => !names(folded.nodes).includes(name));
  expect(gone).toEqual(['biased', 'deep', 'dense']);

  // A folded node is what it took in: its type, what the layer read, and a kernel and a bias in place of six weights.
  const deep = folded.nodes.find(({ name }) => name === 'taken-deep');
  expect(deep).toMatchObject({ type: 'DepthwiseConv2D', inputs: ['relu'], outputShape: [2, 2, 6] });
  expect(names(foldedGraph(graph, ['biased', 'sum']).nodes)).toEqual(
    names(graph.nodes).filter((name) => name !== 'deep' && name !== 'dense'),
  );

  const images = tf.tensor4d(numbers.uniforms(3 * 72), [3, 6, 6, 2]);
  const weights = tf.tensor2d(numbers.uniforms(15, -1, 1), [3, 5]);
  const logits = (which: typeof graph) => (x: tf.Tensor) => valueIn(runGraph(which, x, EVALUATION))(graph.output);
  const gradient = (which: typeof graph) => tf.grad((x) => tf.sum(tf.mul(logits(which)(x), weights)))(images);
  for (const make of [(which: typeof graph) => logits(which)(images), gradient]) {
    const [whole = [], ...others] = tf.tidy(() => [graph, folded, heldGraph(folded)].map(make)).map(flat);
    const largest = Math.max(...whole.map(Math.abs));
    expect(largest).toBeGreaterThan(1e-3);
    for (const short of others) {
      const differences = whole.map((value, i) => Math.abs(value - (short[i] ?? Number.NaN)));
      expect(Math.max(...differences)).toBeLessThan(1e-5 * largest);
    }
  }
});

const flat = (values: tf.Tensor): number[] => [...values.dataSync()];
