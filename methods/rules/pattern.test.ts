import { defineModel, type ImageShape, stream, tf } from 'attribench';
import { beforeAll, expect, test } from 'vitest';
import { loadEngine } from '../../harness/engine/index.ts';
import { buildNetwork } from '../../harness/network/build.ts';
import { makeWeights } from '../../harness/network/weights.ts';
import { at, randomNetwork } from '../../harness/vitest/conformance/dense.ts';
import { referenceImages } from '../../harness/vitest/conformance/subject.ts';
import patternAttribution from '../pattern-attribution.ts';
import { expectClose, mapsOnLayers } from '../support/trial.ts';
import { patternAttribution as attribute } from './pattern.ts';
import { build, chain, conv, dense, expectNear, flatten, mapsOn, norm, randomImages, relu } from './testing/graph.ts';

beforeAll(async () => {
  await loadEngine('wasm');
});

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
const mean = (values: readonly number[]) => sum(values) / values.length;

/** E+[x (y - E[y])] / (w . that), over the samples chosen, one input at a time. */
function slowPattern(w: readonly number[], b: number, samples: readonly (readonly number[])[], rectified: boolean) {
  const y = samples.map((x) => b + sum(x.map((value, i) => value * at(w, i))));
  const average = mean(y);
  const chosen = samples.flatMap((x, s) => (!rectified || at(y, s) > 0 ? [{ x, y: at(y, s) }] : []));
  const direction = w.map((_, i) => mean(chosen.map((sample) => at(sample.x, i) * (sample.y - average))));
  const scale = sum(direction.map((value, i) => value * at(w, i)));
  return direction.map((value) => value / scale);
}

test('equals its slow twin on dense layers', async () => {
  const shape: ImageShape = [3, 3, 1];
  const numbers = stream('pattern', 'dense');
  const [first, second] = randomNetwork(numbers, [9, 6, 3]) as [DenseLayer, DenseLayer];
  const [x = []] = randomImages(numbers, 1, shape);
  const references = referenceImages(patternAttribution, shape) ?? [];
  const hiddenOf = (image: readonly number[]) =>
    first.bias.map((b, j) => b + sum(image.map((value, i) => value * at(at(first.kernel, i), j))));
  const column = (layer: DenseLayer, j: number) => layer.kernel.map((row) => at(row, j));
  const active = references.map((image) => hiddenOf(image).map((z) => Math.max(0, z)));
  const z = hiddenOf(x);
  const c = 1;
  const logit = at(second.bias, c) + sum(z.map((value, i) => Math.max(0, value) * at(column(second, c), i)));
  const top = slowPattern(column(second, c), at(second.bias, c), active, false);
  const arriving = z.map((value, j) => (value > 0 ? logit * at(top, j) * at(column(second, c), j) : 0));
  const expected = x.map((_, i) =>
    sum(
      z.map((_, j) => {
        const w = column(first, j);
        return at(arriving, j) * at(w, i) * at(slowPattern(w, at(first.bias, j), references, true), i);
      }),
    ),
  );
  const [map = []] = await mapsOnLayers(patternAttribution, [first, second], { images: [x], classes: [c], shape });
  expectNear(map, expected, 1e-3);
});

interface DenseLayer {
  readonly kernel: readonly (readonly number[])[];
  readonly bias: readonly number[];
}

test('a convolution is a dense layer on its receptive fields', async () => {
  const shape: ImageShape = [3, 3, 1];
  const numbers = stream('pattern', 'convolution');
  const convolutional = build(
    shape,
    chain(() => [conv('a', 4, { padding: 'valid' }), norm('n'), relu('relu'), flatten(), dense('logits', 2)]),
    numbers,
  );
  const { weights } = convolutional.network;
  const list = async (name: string) => Array.from(await (weights[name] as tf.Tensor).data());
  const gamma = await list('n/gamma');
  const variance = await list('n/movingVariance');
  const mean = await list('n/movingMean');
  const beta = await list('n/beta');
  const scale = gamma.map((g, k) => g / Math.sqrt(at(variance, k) + 1e-3));
  const kernel = await list('a/kernel');
  const bias = await list('a/bias');
  const layers = [
    {
      kernel: Array.from({ length: 9 }, (_, i) => scale.map((s, k) => s * at(kernel, i * 4 + k))),
      bias: bias.map((b, k) => (b - at(mean, k)) * at(scale, k) + at(beta, k)),
    },
    {
      kernel: (await (weights['logits/kernel'] as tf.Tensor2D).array()) as number[][],
      bias: await list('logits/bias'),
    },
  ];
  const images = randomImages(numbers, 2, shape);
  const expected = await mapsOnLayers(patternAttribution, layers, { images, classes: [0, 1], shape });
  const got = await mapsOn(patternAttribution, convolutional, { images, classes: [0, 1] });
  for (const [i, map] of got.entries()) expectNear(map, at(expected, i), 1e-4);
  convolutional.dispose();
});

// Kindermans et al. 2018, section 2: x = s (1, 0) + d (1, 1), y = s, so that w = (1, -1) must cancel the distractor d.
test('gives the distractor nothing, where the gradient gives it as much as the signal', async () => {
  const model = defineModel({
    id: 'toy',
    title: 'Toy',
    cite: 'none',
    revision: 1,
    build: () =>
      tf.sequential({
        layers: [
          tf.layers.flatten({ name: 'flatten', inputShape: [1, 2, 1] }),
          tf.layers.dense({ name: 'logits', units: 1, kernelInitializer: 'zeros' }),
        ],
      }),
  });
  const weights = makeWeights([
    { name: 'logits/kernel', shape: [2, 1], data: Float32Array.from([1, -1]) },
    { name: 'logits/bias', shape: [1], data: Float32Array.from([0]) },
  ]);
  const { network, dispose } = buildNetwork(model, { inputShape: [1, 2, 1], classes: 1, parameters: {} }, weights);
  const signals = [-1, -1, 1, 1];
  const distractors = [-3, 3, -3, 3];
  const samples = signals.flatMap((s, k) => [s + at(distractors, k), at(distractors, k)]);
  const map = tf.tidy(() => {
    const references = tf.tensor4d(samples, [4, 1, 2, 1]);
    return attribute(network, tf.tensor4d([2 + 5, 5], [1, 1, 2, 1]), references, tf.tensor1d([0], 'int32'));
  });
  expectClose(Array.from(await map.data()), [2, 0]);
  map.dispose();
  dispose();
});

test('a unit that never moves gets the pattern 0, not a division by zero', async () => {
  const still = [
    {
      kernel: [
        [0, 1],
        [0, 1],
      ],
      bias: [1, 0],
    },
    { kernel: [[1], [1]], bias: [0] },
  ];
  const [map = []] = await mapsOnLayers(patternAttribution, still, { images: [[0.2, 0.7]] });
  expect(map.every(Number.isFinite)).toBe(true);
  expect(Math.max(...map)).toBeGreaterThan(0);
});
