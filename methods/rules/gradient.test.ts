import { type ImageShape, stream, tf } from 'attribench';
import { beforeAll, describe, expect, test } from 'vitest';
import { loadEngine } from '../../harness/engine/index.ts';
import { at, type DenseNetwork, randomNetwork } from '../../harness/vitest/conformance/dense.ts';
import deconvolution from '../deconvolution.ts';
import guidedBackprop from '../guided-backprop.ts';
import { expectClose, mapsOnLayers } from '../support/trial.ts';
import { maximumRule } from './gradient.ts';
import { build, chain, conv, dense, expectNear, flatten, mapsOn, norm, randomImages, relu } from './testing/graph.ts';

beforeAll(async () => {
  await loadEngine('wasm');
});

/** Backward from logit c with a rule (gradient, preactivation) -> gradient at each ReLU, one number at a time. */
function slow(layers: DenseNetwork, x: readonly number[], c: number, rule: (g: number, z: number) => number): number[] {
  const sums: number[][] = [];
  let active = [...x];
  for (const { kernel, bias } of layers) {
    const z = bias.map((b, j) => active.reduce((sum, value, i) => sum + value * at(at(kernel, i), j), b));
    sums.push(z);
    active = z.map((value) => Math.max(0, value));
  }
  let gradient: number[] = at(sums, layers.length - 1).map((_, j) => (j === c ? 1 : 0));
  for (let depth = layers.length - 1; depth >= 0; depth--) {
    const { kernel } = at(layers, depth);
    gradient = kernel.map((row) => row.reduce((sum, w, j) => sum + w * at(gradient, j), 0));
    if (depth > 0) gradient = gradient.map((g, i) => rule(g, at(at(sums, depth - 1), i)));
  }
  return gradient;
}

test.each([
  [guidedBackprop, (g: number, z: number) => (z > 0 ? Math.max(0, g) : 0)],
  [deconvolution, (g: number) => Math.max(0, g)],
] as const)('$id equals its slow twin', async (method, rule) => {
  for (const trial of [0, 1, 2]) {
    const numbers = stream('gradient rules', trial);
    const layers = randomNetwork(numbers, [12, 10, 8, 3]);
    const x = Array.from(numbers.uniforms(12));
    for (const c of [0, 1, 2]) {
      const [map = []] = await mapsOnLayers(method, layers, { images: [x], classes: [c] });
      expectNear(map, slow(layers, x, c, rule), 1e-5);
    }
  }
});

describe('one ReLU: relu(w x + b) times v', () => {
  const unit = (v: number): DenseNetwork => [
    { kernel: [[2]], bias: [-1] },
    { kernel: [[v]], bias: [0] },
  ];
  const at1 = async (method: typeof guidedBackprop, v: number, x: number) =>
    (await mapsOnLayers(method, unit(v), { images: [[x]] }))[0];

  test('guided: both the unit and the gradient must be positive', async () => {
    expectClose(await at1(guidedBackprop, 3, 1), [6]);
    expectClose(await at1(guidedBackprop, 3, 0), [0]);
    expectClose(await at1(guidedBackprop, -3, 1), [0]);
  });
  test('deconvolution: the gradient alone', async () => {
    expectClose(await at1(deconvolution, 3, 1), [6]);
    expectClose(await at1(deconvolution, 3, 0), [6]);
    expectClose(await at1(deconvolution, -3, 1), [0]);
  });
});

test("guided backprop at ReLU's kin is f'(x) max(g, 0)", async () => {
  const shape: ImageShape = [1, 2, 1];
  const flow = chain(() => [
    flatten(),
    dense('hidden', 4),
    tf.layers.leakyReLU({ name: 'leaky', alpha: 0.1 }),
    dense('logits', 2),
  ]);
  const numbers = stream('gradient rules', 'leaky');
  const built = build(shape, flow, numbers);
  const [x = []] = randomImages(numbers, 1, shape, -1, 1);
  const kernel = async (name: string) => (await (built.network.weights[name] as tf.Tensor2D).array()) as number[][];
  const layers = await Promise.all(
    ['hidden', 'logits'].map(async (name) => ({
      kernel: await kernel(`${name}/kernel`),
      bias: Array.from(await (built.network.weights[`${name}/bias`] as tf.Tensor).data()),
    })),
  );
  const [map = []] = await mapsOn(guidedBackprop, built, { images: [x], classes: [1] });
  expectNear(
    map,
    slow(layers, x, 1, (g, z) => (z > 0 ? 1 : 0.1) * Math.max(0, g)),
    1e-5,
  );
  built.dispose();
});

// Nie, Zhang, Patel 2018.
test('deconvolution without max-pooling does not look at the image', async () => {
  const shape: ImageShape = [6, 5, 1];
  const flow = chain(() => [
    conv('a', 3),
    norm('n'),
    relu('r'),
    conv('b', 3),
    relu('s'),
    flatten(),
    dense('logits', 2),
  ]);
  const numbers = stream('gradient rules', 'deconvolution');
  const built = build(shape, flow, numbers);
  const images = randomImages(numbers, 2, shape, -1, 1);
  const [one = [], other = []] = await mapsOn(deconvolution, built, { images, classes: [1, 1] });
  expectNear(one, other, 1e-6);
  const [guided = [], another = []] = await mapsOn(guidedBackprop, built, { images, classes: [1, 1] });
  expect(() => expectNear(guided, another, 0.1)).toThrow();
  built.dispose();
});

test('equal maxima over an image share what arrives', () => {
  tf.tidy(() => {
    const input = tf.tensor4d([1, 5, 5, 2, 3, 5, 0, 4], [1, 2, 2, 2]);
    const node = { type: 'GlobalMaxPooling2D' } as Parameters<typeof maximumRule>[0]['node'];
    const output = tf.tensor2d([[5, 5]]);
    const [shares] = maximumRule({ node, inputs: [input], output, relevance: tf.tensor2d([[3, 4]]) });
    expect(Array.from(shares?.dataSync() ?? [])).toEqual([0, 2, 3, 0, 0, 2, 0, 0]);
  });
});
