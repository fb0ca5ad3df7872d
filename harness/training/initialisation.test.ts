import { beforeAll, describe, expect, it } from 'vitest';
import type { InitialisationScheme } from '../contracts.ts';
import { defineModel } from '../define.ts';
import { loadEngine } from '../engine/index.ts';
import { stream } from '../random.ts';
import * as tf from '../tfjs.js';
import { initialise } from './initialisation.ts';

beforeAll(async () => {
  await loadEngine('wasm');
});

const zeros = { kernelInitializer: 'zeros', depthwiseInitializer: 'zeros' } as const;

const model = (layers: () => tf.layers.Layer[], initialisation: InitialisationScheme = 'torch-linear') =>
  defineModel({
    id: 'test-model',
    title: 'Test',
    cite: 'none',
    revision: 1,
    initialisation,
    build: ({ inputShape }) =>
      tf.sequential({ layers: [tf.layers.inputLayer({ name: 'image', inputShape: [...inputShape] }), ...layers()] }),
  });

const convolutional = (extra: tf.layers.Layer[] = []) => [
  tf.layers.conv2d({ ...zeros, name: 'conv', filters: 50, kernelSize: 3 }),
  ...extra,
  tf.layers.batchNormalization({ name: 'norm' }),
  tf.layers.depthwiseConv2d({ ...zeros, name: 'depthwise', kernelSize: 5 }),
  tf.layers.flatten({ name: 'flatten' }),
  tf.layers.dense({ ...zeros, name: 'logits', units: 20 }),
];

const request = { inputShape: [9, 9, 8], classes: 20, parameters: {} } as const;
const draw = (plugin: ReturnType<typeof model>, seed = 0) =>
  new Map(initialise(plugin, request, stream('test', seed)).entries.map(({ name, data }) => [name, data]));
const valuesOf = (weights: Map<string, Float32Array>, name: string) => weights.get(name) ?? new Float32Array();

/** Mean and standard deviation in units of the bound. */
function moments(values: Float32Array, bound: number) {
  const mean = values.reduce((sum, value) => sum + value / bound, 0) / values.length;
  return {
    mean,
    deviation: Math.sqrt(values.reduce((sum, value) => sum + (value / bound - mean) ** 2, 0) / values.length),
  };
}

describe('initial weights', () => {
  it.each([
    ['conv/kernel', 9 * 8],
    ['conv/bias', 9 * 8],
    ['depthwise/depthwiseKernel', 25],
    ['depthwise/bias', 25],
    ['logits/kernel', 3 * 3 * 50],
  ])('%s is uniform on +-1/sqrt(%i)', (name, fanIn) => {
    const values = valuesOf(draw(model(convolutional)), name);
    const bound = 1 / Math.sqrt(fanIn);
    expect(values.every((value) => Math.abs(value) <= bound)).toBe(true);
    const { mean, deviation } = moments(values, bound);
    // Four standard errors of a uniform on [-1, 1]: deviation 1/sqrt(3), fourth moment 1/5.
    expect(Math.abs(mean)).toBeLessThan(4 / Math.sqrt(3 * values.length));
    expect(Math.abs(deviation ** 2 - 1 / 3)).toBeLessThan(4 * Math.sqrt((1 / 5 - 1 / 9) / values.length));
  });

  it.each([
    ['torchvision-resnet', 'conv/kernel', Math.sqrt(2 / (9 * 50))],
    ['torchvision-resnet', 'depthwise/depthwiseKernel', Math.sqrt(2 / (25 * 50))],
    ['torchvision-vgg', 'conv/kernel', Math.sqrt(2 / (9 * 50))],
    ['torchvision-vgg', 'logits/kernel', 0.01],
    ['torchvision-densenet', 'conv/kernel', Math.sqrt(2 / (9 * 8))],
    ['torchvision-inception', 'conv/kernel', 0.1],
    ['torchvision-inception', 'logits/kernel', 0.1],
  ] as const)("under '%s' %s is normal with the deviation %d", (scheme, name, deviation) => {
    const values = valuesOf(draw(model(convolutional, scheme)), name);
    const { mean, deviation: measured } = moments(values, deviation);
    expect(Math.abs(mean)).toBeLessThan(4 / Math.sqrt(values.length));
    expect(Math.abs(measured ** 2 - 1)).toBeLessThan(4 * Math.sqrt(2 / values.length));
    // A uniform of this deviation ends at 1.73; of 450 normals, some lie beyond 2.
    expect(values.some((value) => Math.abs(value) > 2 * deviation)).toBe(true);
  });

  it.each([
    ['torchvision-resnet', ['logits/kernel', 'logits/bias'], []],
    ['torchvision-vgg', [], ['conv/bias', 'logits/bias']],
    ['torchvision-densenet', ['logits/kernel'], ['logits/bias']],
    ['torchvision-inception', ['logits/bias'], []],
  ] as const)("under '%s' PyTorch's defaults are left to %j, and %j are zero", (scheme, left, zero) => {
    const weights = draw(model(convolutional, scheme));
    const defaults = draw(model(convolutional));
    for (const name of left) expect(valuesOf(weights, name)).toEqual(valuesOf(defaults, name));
    for (const name of zero) expect(new Set(valuesOf(weights, name))).toEqual(new Set([0]));
  });

  it('of batch normalisation are ones and zeros', () => {
    const weights = draw(model(convolutional));
    for (const [short, value] of Object.entries({ gamma: 1, beta: 0, movingMean: 0, movingVariance: 1 })) {
      expect(new Set(valuesOf(weights, `norm/${short}`))).toEqual(new Set([value]));
    }
  });

  it("under 'small' are 0.02 times those of 'torch-linear'", () => {
    const small = valuesOf(draw(model(convolutional, 'small')), 'logits/kernel');
    valuesOf(draw(model(convolutional)), 'logits/kernel').forEach((value, i) => {
      expect(small[i]).toBeCloseTo(0.02 * value, 8);
    });
  });

  it('follow the stream, and differ between kernels and biases of all layers', () => {
    const weights = draw(model(convolutional));
    expect(draw(model(convolutional))).toEqual(weights);
    expect(valuesOf(draw(model(convolutional), 1), 'conv/kernel')).not.toEqual(valuesOf(weights, 'conv/kernel'));
    const first = [
      'conv/kernel',
      'conv/bias',
      'depthwise/depthwiseKernel',
      'depthwise/bias',
      'logits/kernel',
      'logits/bias',
    ].map((name) => (valuesOf(weights, name)[0] ?? 0) / Math.max(...valuesOf(weights, name)));
    expect(new Set(first).size).toBe(6);
  });

  it('of a layer do not change when another is added', () => {
    const extra = () => convolutional([tf.layers.conv2d({ ...zeros, name: 'more', filters: 50, kernelSize: 1 })]);
    const weights = draw(model(convolutional));
    const more = draw(model(extra));
    for (const [name, values] of weights) expect(more.get(name)).toEqual(values);
  });

  it('of an unknown layer are refused by name', () => {
    const plugin = model(() => [tf.layers.conv2dTranspose({ ...zeros, name: 'up', filters: 2, kernelSize: 2 })]);
    expect(() => draw(plugin)).toThrow(/weight "up\/kernel" of a Conv2DTranspose layer has no initialisation/);
  });

  it('leave no tensor behind', () => {
    const before = tf.memory().numTensors;
    draw(model(convolutional));
    expect(tf.memory().numTensors).toBe(before);
  });
});
