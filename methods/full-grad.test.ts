import { defineModel, type ImageShape, type Model, NotApplicable, type Stream, stream, tf } from 'attribench';
import { beforeAll, describe, expect, test } from 'vitest';
import { loadEngine } from '../harness/engine/index.ts';
import { buildNetwork, weightShapes } from '../harness/network/build.ts';
import { makeWeights } from '../harness/network/weights.ts';
import { at, randomNetwork } from '../harness/vitest/conformance/dense.ts';
import { subject } from '../harness/vitest/conformance/subject.ts';
import fullGrad from './full-grad.ts';
import { fullGradient } from './support/full-gradient.ts';
import { expectClose, mapsOnLayers } from './support/trial.ts';

beforeAll(async () => {
  await loadEngine('wasm');
});

const CLASSES = 3;
const shape: ImageShape = [6, 5, 2];

type Layers = (input: tf.SymbolicTensor) => tf.SymbolicTensor;

const modelOf = (layers: Layers): Model =>
  defineModel({
    id: 'trial',
    title: 'Trial',
    cite: 'none',
    revision: 1,
    build: ({ inputShape }) => {
      const input = tf.input({ shape: [...inputShape], name: 'input' });
      return tf.model({ inputs: input, outputs: layers(input) });
    },
  });

/** The network of these layers with random weights of which none is zero. */
function build(layers: Layers, numbers: Stream) {
  const model = modelOf(layers);
  const request = { inputShape: shape, classes: CLASSES, parameters: {} };
  const entries = weightShapes(model, request).map(({ name, shape: of, short }) => {
    const size = of.reduce((product, length) => product * length, 1);
    const positive = short === 'gamma' || short === 'movingVariance';
    const data = positive ? numbers.uniforms(size, 0.5, 1.5) : numbers.uniforms(size, -0.7, 0.7);
    return { name, shape: of, data };
  });
  return { built: buildNetwork(model, request, makeWeights(entries)), entries };
}

const apply = (layer: tf.layers.Layer, ...inputs: tf.SymbolicTensor[]) =>
  layer.apply(inputs.length === 1 ? (inputs[0] as tf.SymbolicTensor) : inputs) as tf.SymbolicTensor;

/** Convolution, normalisation, ReLU, max-pool, padded convolution, ReLU, dense. */
const plain: Layers = (input) => {
  const first = apply(tf.layers.conv2d({ name: 'first', filters: 3, kernelSize: 3 }), input);
  const normalised = apply(tf.layers.batchNormalization({ name: 'norm', epsilon: 1e-3 }), first);
  const active = apply(tf.layers.reLU({ name: 'relu-1' }), normalised);
  const second = apply(tf.layers.conv2d({ name: 'second', filters: 2, kernelSize: 3, padding: 'same' }), active);
  const flat = apply(tf.layers.flatten({ name: 'flatten' }), apply(tf.layers.reLU({ name: 'relu-2' }), second));
  return apply(tf.layers.dense({ name: 'logits', units: CLASSES }), flat);
};

/** A layer used twice, a sum, a strided depthwise convolution, an activation of its own, average pooling. */
const knotted =
  (activation: 'relu' | 'relu6' | 'elu' | 'tanh' | 'softplus'): Layers =>
  (input) => {
    const shared = tf.layers.conv2d({ name: 'shared', filters: 2, kernelSize: 3, padding: 'same', activation });
    const once = apply(shared, input);
    const sum = apply(tf.layers.add({ name: 'sum' }), once, apply(shared, once));
    const deep = apply(tf.layers.depthwiseConv2d({ name: 'deep', kernelSize: 3, strides: 2, padding: 'same' }), sum);
    const pooled = apply(tf.layers.averagePooling2d({ name: 'pool', poolSize: 2, padding: 'same' }), deep);
    const normalised = apply(tf.layers.batchNormalization({ name: 'norm', center: false }), pooled);
    const flat = apply(tf.layers.flatten({ name: 'flatten' }), normalised);
    const hidden = apply(tf.layers.dense({ name: 'hidden', units: 5, activation }), flat);
    return apply(tf.layers.dense({ name: 'logits', units: CLASSES }), hidden);
  };

const NETWORKS: { readonly [name: string]: Layers } = {
  plain,
  relu: knotted('relu'),
  relu6: knotted('relu6'),
  elu: knotted('elu'),
  tanh: knotted('tanh'),
  softplus: knotted('softplus'),
};

describe('the parts of the decomposition sum to the logit', () => {
  test.each(Object.entries(NETWORKS))('%s network', async (name, layers) => {
    const numbers = stream('test', 'full-gradient', name);
    const { built } = build(layers, numbers);
    const images = tf.tensor4d(numbers.uniforms(4 * 60, -3, 3), [4, ...shape]);
    const classes = tf.tensor1d([0, 1, 2, 1], 'int32');
    const [sums, logits] = tf.tidy(() => {
      const { input, biases } = fullGradient(built.network, images, classes);
      const parts = [input, ...biases].map((part) => tf.sum(part.reshape([4, -1]), 1));
      const chosen = tf.sum(tf.mul(built.network.logits(images), tf.oneHot(classes, CLASSES)), 1);
      return [tf.addN(parts), chosen] as const;
    });
    expectClose(Array.from(await sums.data()), Array.from(await logits.data()), 4);
    tf.dispose([images, classes, sums, logits]);
    built.dispose();
  });
});

/** A map [rows][columns][channels] in plain numbers. */
type Grid = readonly (readonly (readonly number[])[])[];

const grid = (height: number, width: number, channels: number, value: (y: number, x: number, c: number) => number) =>
  Array.from({ length: height }, (_, y) =>
    Array.from({ length: width }, (_, x) => Array.from({ length: channels }, (_, c) => value(y, x, c))),
  );

/** The value of a grid, 0 outside of it. */
const valueAt = (from: Grid, y: number, x: number, c: number) => from[y]?.[x]?.[c] ?? 0;

/** Cross-correlation with a kernel [3, 3, in, out] in row-major order, `margin` pixels of zeros around the input. */
function convolve(input: Grid, kernel: ArrayLike<number>, bias: ArrayLike<number>, margin: 0 | 1): Grid {
  const [height, width, channels] = [input.length, at(input, 0).length, at(at(input, 0), 0).length];
  const shrink = 2 - 2 * margin;
  return grid(height - shrink, width - shrink, bias.length, (y, x, out) => {
    let sum = bias[out] as number;
    for (let dy = 0; dy < 3; dy++) {
      for (let dx = 0; dx < 3; dx++) {
        for (let c = 0; c < channels; c++) {
          const weight = kernel[((dy * 3 + dx) * channels + c) * bias.length + out] as number;
          sum += weight * valueAt(input, y + dy - margin, x + dx - margin, c);
        }
      }
    }
    return sum;
  });
}

const mapGrid = (from: Grid, f: (value: number, y: number, x: number, c: number) => number): Grid =>
  from.map((row, y) => row.map((pixel, x) => pixel.map((value, c) => f(value, y, x, c))));

const STAGES = ['input', 'first', 'norm', 'second'] as const;
type Stage = (typeof STAGES)[number];

/** The plain network's logits in float64, with `add` on top of one stage's output. */
function evaluatePlain(weights: ReadonlyMap<string, ArrayLike<number>>, image: Grid, stage?: Stage, add?: Grid) {
  const get = (name: string) => weights.get(name) as ArrayLike<number>;
  const outputs = new Map<Stage, Grid>();
  const note = (at: Stage, output: Grid) => {
    outputs.set(at, output);
    return stage === at && add !== undefined
      ? mapGrid(output, (value, y, x, c) => value + valueAt(add, y, x, c))
      : output;
  };
  const relu = (from: Grid) => mapGrid(from, (value) => Math.max(0, value));
  const first = note('first', convolve(note('input', image), get('first/kernel'), get('first/bias'), 0));
  const [gamma, beta, mean, variance] = ['gamma', 'beta', 'movingMean', 'movingVariance'].map((w) => get(`norm/${w}`));
  const normalised = mapGrid(first, (value, _y, _x, c) => {
    const deviation = Math.sqrt((variance?.[c] as number) + 1e-3);
    return ((value - (mean?.[c] as number)) / deviation) * (gamma?.[c] as number) + (beta?.[c] as number);
  });
  const second = note('second', convolve(relu(note('norm', normalised)), get('second/kernel'), get('second/bias'), 1));
  const flat = relu(second).flat(2);
  const [kernel, bias] = [get('logits/kernel'), get('logits/bias')];
  const logits = Array.from(bias, (b, j) =>
    flat.reduce((sum, value, i) => sum + value * (kernel[i * CLASSES + j] as number), b),
  );
  return { logits, outputs };
}

/** FullGrad by its definition: one central difference a coordinate of each stage. */
function twin(weights: ReadonlyMap<string, ArrayLike<number>>, image: Grid, c: number): number[][] {
  const { outputs } = evaluatePlain(weights, image);
  const get = (name: string, k: number) => weights.get(name)?.[k] as number;
  const biasOf = (stage: Stage, k: number) => {
    if (stage !== 'norm') return get(`${stage}/bias`, k);
    const deviation = Math.sqrt(get('norm/movingVariance', k) + 1e-3);
    return get('norm/beta', k) - (get('norm/gamma', k) * get('norm/movingMean', k)) / deviation;
  };
  const parts = STAGES.map((stage) =>
    mapGrid(outputs.get(stage) as Grid, (value, y, x, k) => {
      const logit = (move: number) => {
        const add = mapGrid(outputs.get(stage) as Grid, (_, v, u, l) => (v === y && u === x && l === k ? move : 0));
        return at(evaluatePlain(weights, image, stage, add).logits, c);
      };
      const slope = (logit(1e-6) - logit(-1e-6)) / 2e-6;
      return slope * (stage === 'input' ? value : biasOf(stage, k));
    }),
  );
  const [height, width] = shape;
  const total = grid(height, width, 1, () => 0).map((row) => row.map(() => 0));
  for (const part of parts) {
    const sizes = part.flat(2).map(Math.abs);
    const [least, most] = [Math.min(...sizes), Math.max(...sizes)];
    const psi = part.map((row) =>
      row.map((pixel) => pixel.reduce((sum, v) => sum + (Math.abs(v) - least) / (most - least + 1e-6), 0)),
    );
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        // Aligned corners: first and last pixel of the part lie on first and last pixel of the image.
        const row = (y * (psi.length - 1)) / (height - 1);
        const column = (x * (at(psi, 0).length - 1)) / (width - 1);
        let value = 0;
        for (let v = 0; v < psi.length; v++) {
          for (let u = 0; u < at(psi, 0).length; u++) {
            const near = Math.max(0, 1 - Math.abs(v - row)) * Math.max(0, 1 - Math.abs(u - column));
            value += near * at(at(psi, v), u);
          }
        }
        (total[y] as number[])[x] = at(at(total, y), x) + value;
      }
    }
  }
  return total;
}

test('equals its definition, one central difference at a time', async () => {
  const numbers = stream('test', 'full-grad');
  const { built, entries } = build(plain, numbers);
  const weights = new Map(entries.map(({ name, data }) => [name, data]));
  const images = [0, 1].map(() => Array.from(numbers.uniforms(60)));
  const maps = await subject(fullGrad).attribute({ network: built.network, images, classes: [2, 0] });
  for (const [i, map] of maps.entries()) {
    const values = at(images, i);
    const image = grid(...shape, (y, x, c) => at(values, (y * 5 + x) * 2 + c));
    const logits = await built.network.logits(tf.tensor4d(values, [1, ...shape])).data();
    expectClose(evaluatePlain(weights, image).logits, Array.from(logits), 4);
    const expected = twin(weights, image, at([2, 0], i)).flat();
    expectClose(
      map.filter((_, k) => k % 2 === 0),
      expected,
      3,
    );
  }
  built.dispose();
});

test('declines a network without convolutions, and one with a layer whose bias is unknown', async () => {
  const dense = mapsOnLayers(fullGrad, randomNetwork(stream('test'), [4, 3, 2]), { images: [[1, 2, 3, 4]] });
  await expect(dense).rejects.toThrow(NotApplicable);
  await expect(dense).rejects.toThrow('needs a bias in a convolutional part');
  const squared: Layers = (input) => {
    const flat = apply(tf.layers.flatten({ name: 'flatten' }), input);
    const product = apply(tf.layers.multiply({ name: 'square' }), flat, flat);
    return apply(tf.layers.dense({ name: 'logits', units: CLASSES }), product);
  };
  const { built } = build(squared, stream('test', 'squared'));
  const images = [Array.from(stream('test').uniforms(60))];
  const declined = subject(fullGrad).attribute({ network: built.network, images, classes: [0] });
  await expect(declined).rejects.toThrow('no bias is known for node "square" of type Multiply');
  built.dispose();
});
