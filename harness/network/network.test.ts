/**
 * Networks on models with closed-form answers, against finite differences, and through backward rules.
 * The cpu engine: plain JS arithmetic with float32 storage, so that differences are sharp.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import type { FunctionModel, GraphNode, ImageShape, PropagationRule } from '../contracts.ts';
import { defineModel } from '../define.ts';
import { loadEngine } from '../engine/index.ts';
import { stream } from '../random.ts';
import * as tf from '../tfjs.js';
import { type BuiltNetwork, buildNetwork, weightShapes } from './build.ts';
import { Observations } from './moving-statistics.ts';
import { classLogit, crossEntropy } from './objectives.ts';
import { gradientRule } from './rules.ts';
import { decodeWeights, encodeWeights, makeWeights } from './weights.ts';

beforeAll(async () => {
  await loadEngine('cpu');
});

const model = (build: (shape: ImageShape, classes: number) => tf.LayersModel | FunctionModel) =>
  defineModel({
    id: 'test-model',
    title: 'Test',
    cite: 'none',
    revision: 1,
    build: ({ inputShape, classes }) => build(inputShape, classes),
  });

const dense = (name: string, units: number, useBias = true) =>
  tf.layers.dense({ name, units, useBias, kernelInitializer: 'zeros' });
const relu = (name: string) => tf.layers.activation({ name, activation: 'relu' });

/** A chain from the input through `layers`. */
const chain = (shape: ImageShape, layers: tf.layers.Layer[]) => {
  const input = tf.input({ shape: [...shape], name: 'image' });
  let output: tf.SymbolicTensor = input;
  for (const layer of layers) output = layer.apply(output) as tf.SymbolicTensor;
  return tf.model({ inputs: input, outputs: output });
};

const mlp = (useBias: boolean) =>
  model((shape, classes) =>
    chain(shape, [
      tf.layers.flatten({ name: 'flatten' }),
      dense('hidden-1', 7, useBias),
      relu('relu-1'),
      dense('hidden-2', 6, useBias),
      relu('relu-2'),
      dense('logits', classes, useBias),
    ]),
  );

/** Every layer type that the harness promises, a residual sum, a concatenation and a layer used twice. */
const zoo = model((shape, classes) => {
  const conv = (name: string, filters: number, settings: object = {}) =>
    tf.layers.conv2d({ name, filters, kernelSize: 3, padding: 'same', kernelInitializer: 'zeros', ...settings });
  const call = (layer: tf.layers.Layer, ...inputs: tf.SymbolicTensor[]) =>
    layer.apply(inputs.length === 1 ? (inputs[0] as tf.SymbolicTensor) : inputs) as tf.SymbolicTensor;
  const input = tf.input({ shape: [...shape], name: 'image' });
  const stem = call(conv('stem', 3), call(tf.layers.zeroPadding2d({ name: 'pad', padding: 1 }), input));
  const normal = call(relu('relu-1'), call(tf.layers.batchNormalization({ name: 'norm' }), stem));
  const twice = conv('twice', 3, { activation: 'relu' });
  const residual = call(tf.layers.add({ name: 'sum' }), normal, call(twice, call(twice, normal)));
  const depthwise = call(
    tf.layers.depthwiseConv2d({ name: 'depthwise', kernelSize: 3, padding: 'same', depthwiseInitializer: 'zeros' }),
    residual,
  );
  const strided = call(conv('strided', 4, { strides: 2, useBias: false }), depthwise);
  const both = call(
    tf.layers.concatenate({ name: 'both' }),
    call(tf.layers.maxPooling2d({ name: 'max', poolSize: 2 }), strided),
    call(tf.layers.averagePooling2d({ name: 'average', poolSize: 2 }), strided),
  );
  const pooled = call(tf.layers.globalAveragePooling2d({ name: 'pool' }), both);
  const flat = call(tf.layers.flatten({ name: 'flatten' }), call(tf.layers.reLU({ name: 'relu-2' }), both));
  const joined = call(tf.layers.concatenate({ name: 'joined' }), pooled, flat);
  const dropped = call(tf.layers.dropout({ name: 'drop', rate: 0.5 }), joined);
  return tf.model({ inputs: input, outputs: call(dense('logits', classes), dropped) });
});

const SHAPE: ImageShape = [6, 5, 2];

/** Any weights whose numbers are all different; variances stay positive. */
function someWeights(plugin: ReturnType<typeof model>, classes: number) {
  const shapes = weightShapes(plugin, { inputShape: SHAPE, classes, parameters: {} });
  return makeWeights(
    shapes.map(({ name, shape, short }) => {
      const size = shape.reduce((product, side) => product * side, 1);
      const numbers = stream('test', name).uniforms(size, -0.5, 0.5);
      return { name, shape, data: short === 'movingVariance' ? numbers.map((x) => x + 1) : numbers };
    }),
  );
}

const build = (plugin: ReturnType<typeof model>, classes = 3) =>
  buildNetwork(plugin, { inputShape: SHAPE, classes, parameters: {} }, someWeights(plugin, classes));

const someImages = (count: number, name = 'images') =>
  tf.tensor4d(stream('test', name).uniforms(count * 60, -1, 1), [count, ...SHAPE]);

const largestOf = (values: Float32Array) => values.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);

function expectClose(actual: tf.Tensor, expected: tf.Tensor, tolerance = 1e-5) {
  expect(actual.shape).toEqual(expected.shape);
  const wanted = expected.dataSync<'float32'>();
  const scale = largestOf(wanted);
  expect(scale).toBeGreaterThan(0);
  actual.dataSync().forEach((value, i) => {
    expect(Math.abs(value - (wanted[i] ?? Number.NaN)) / scale, `entry ${i}`).toBeLessThan(tolerance);
  });
}

const all = (rule: PropagationRule) => () => rule;

describe('logits and input gradients', () => {
  it('of a linear model are its weights', () => {
    const linear = model((shape, classes) =>
      chain(shape, [tf.layers.flatten({ name: 'flat' }), dense('logits', classes)]),
    );
    const { network, dispose } = build(linear);
    const images = someImages(2);
    const kernel = network.weights['logits/kernel'] as tf.Tensor2D;
    const bias = network.weights['logits/bias'] as tf.Tensor1D;
    expectClose(network.logits(images), tf.add(tf.matMul(tf.reshape(images, [2, 60]), kernel), bias));
    const gradient = network.inputGradient(images, classLogit(tf.tensor1d([2, 0], 'int32')));
    expectClose(tf.reshape(gradient, [2, 60]), tf.gather(tf.transpose(kernel), tf.tensor1d([2, 0], 'int32')));
    dispose();
  });

  it.each([
    ['mlp', mlp(true)],
    ['zoo', zoo],
  ])('agree with central differences: %s', (_, plugin) => {
    const { network, dispose } = build(plugin);
    const images = someImages(2);
    const objective = crossEntropy(tf.tensor1d([2, 1], 'int32'));
    const gradient = network.inputGradient(images, objective).dataSync<'float32'>();
    const values = images.dataSync();
    const scale = largestOf(gradient);
    const at = (i: number, shift: number) => {
      const shifted = Float32Array.from(values, (value, j) => (j === i ? value + shift : value));
      return tf.sum(objective(network.logits(tf.tensor4d(shifted, [2, ...SHAPE])))).dataSync()[0] as number;
    };
    let kinks = 0;
    for (let i = 0; i < values.length; i++) {
      const step = 2 ** -9;
      const difference = (at(i, step) - at(i, -step)) / (2 * step);
      if (Math.abs(difference - (gradient[i] as number)) > 0.01 * scale) kinks++;
    }
    // A ReLU or a maximum may switch within the step at a few coordinates; a wrong gradient is off at most of them.
    expect(kinks).toBeLessThan(values.length * 0.05);
    dispose();
  });

  it.each([{ center: false }, { scale: false }, { center: false, scale: false }])(
    'of a batch normalisation without %j are those of one with 0 or 1 there',
    (settings) => {
      const normalisedBy = (config: object) =>
        model((shape, classes) =>
          chain(shape, [
            tf.layers.batchNormalization({ name: 'norm', ...config }),
            tf.layers.flatten({ name: 'flatten' }),
            dense('logits', classes),
          ]),
        );
      const full = normalisedBy({});
      const weights = someWeights(full, 3).entries.map((entry) => {
        if ('center' in settings && entry.name === 'norm/beta') return { ...entry, data: Float32Array.of(0, 0) };
        if ('scale' in settings && entry.name === 'norm/gamma') return { ...entry, data: Float32Array.of(1, 1) };
        return entry;
      });
      const request = { inputShape: SHAPE, classes: 3, parameters: {} };
      const complete = buildNetwork(full, request, makeWeights(weights));
      const lacking = build(normalisedBy(settings));
      const images = someImages(2);
      const objective = classLogit(tf.tensor1d([2, 0], 'int32'));
      expectClose(lacking.network.logits(images), complete.network.logits(images), 1e-6);
      expectClose(
        lacking.network.inputGradient(images, objective),
        complete.network.inputGradient(images, objective),
        1e-6,
      );
      const training = ({ trainable }: BuiltNetwork) => trainable?.logits(images, stream('test')) as tf.Tensor;
      expectClose(training(lacking), training(complete), 1e-6);
      lacking.dispose();
      complete.dispose();
    },
  );

  it('of an image do not depend on its batch, whatever its size', () => {
    const { network, dispose } = build(zoo);
    const images = someImages(70);
    const objective = crossEntropy(tf.fill([70], 1, 'int32'));
    const alone = tf.slice(images, [69, 0, 0, 0], [1, -1, -1, -1]);
    expectClose(network.logits(alone), tf.slice(network.logits(images), [69, 0], [1, -1]), 1e-6);
    expectClose(
      network.inputGradient(alone, crossEntropy(tf.tensor1d([1], 'int32'))),
      tf.slice(network.inputGradient(images, objective), [69, 0, 0, 0], [1, -1, -1, -1]),
      1e-6,
    );
    dispose();
  });

  it('compute no weight gradient: three products forward, three backward', async () => {
    const { network, dispose } = build(mlp(true));
    const { kernels } = await tf.profile(() =>
      network.inputGradient(someImages(2), classLogit(tf.tensor1d([0, 1], 'int32'))),
    );
    expect(kernels.filter(({ name }) => /MatMul/i.test(name))).toHaveLength(6);
    dispose();
  });
});

describe('the layer graph', () => {
  it('has a node for each use of a layer, activations apart, in topological order', () => {
    const { network, dispose } = build(zoo);
    const names = network.graph.map(({ name }) => name);
    expect(names).toContain('twice');
    expect(names).toContain('twice/activation');
    expect(names).toContain('twice#1');
    expect(names).toContain('twice/activation#1');
    for (const [i, node] of network.graph.entries()) {
      for (const input of node.inputs) expect(names.slice(0, i)).toContain(input);
    }
    const strided = network.graph.find(({ name }) => name === 'strided');
    expect(strided).toMatchObject({ type: 'Conv2D', outputShape: [4, 4, 4], config: { strides: [2, 2] } });
    expect(Object.keys(strided?.weights ?? {})).toEqual(['kernel']);
    const norm = network.graph.find(({ name }) => name === 'norm');
    expect(Object.keys(norm?.weights ?? {})).toEqual(['gamma', 'beta', 'movingMean', 'movingVariance']);
    expect(Object.keys(network.weights).filter((name) => name.startsWith('twice'))).toEqual([
      'twice/kernel',
      'twice/bias',
    ]);
    dispose();
  });

  it('opens models that are used as layers', () => {
    const nested = model((shape, classes) => {
      const inner = tf.sequential({
        layers: [tf.layers.inputLayer({ inputShape: [60] }), dense('inner', 4), relu('relu')],
      });
      return chain(shape, [tf.layers.flatten({ name: 'flatten' }), inner, dense('logits', classes)]);
    });
    const { network, dispose } = build(nested);
    expect(network.graph.map(({ name }) => name)).toEqual(['image', 'flatten', 'inner', 'relu', 'logits']);
    dispose();
  });

  it('gives activations, and gradients with respect to them also where one lies behind another', () => {
    const { network, dispose } = build(zoo);
    const images = someImages(2);
    const objective = crossEntropy(tf.tensor1d([2, 1], 'int32'));
    const [logits, input] = network.activations(images, ['logits', 'image']);
    expectClose(logits as tf.Tensor, network.logits(images));
    expectClose(input as tf.Tensor, images);
    const [first, middle, last] = network.activationGradients(images, ['image', 'sum', 'logits'], objective);
    expectClose(first as tf.Tensor, network.inputGradient(images, objective));
    expectClose(last as tf.Tensor, tf.grad(objective as (x: tf.Tensor) => tf.Tensor)(network.logits(images)));
    let reached: tf.Tensor | undefined;
    const seed = () => last as tf.Tensor2D;
    network.propagate(images, seed, () => (step) => {
      if (step.node.name === 'sum') reached = tf.keep(tf.clone(step.relevance));
      return gradientRule(step);
    });
    expectClose(middle as tf.Tensor, reached as tf.Tensor);
    const asked = ['sum', 'image', 'sum'];
    const both = network.activationsAndGradients(images, asked, objective);
    for (const [i, output] of network.activations(images, asked).entries()) {
      expectClose(both.activations[i] as tf.Tensor, output);
      expectClose(both.gradients[i] as tf.Tensor, (i === 1 ? first : middle) as tf.Tensor);
    }
    expect(() => network.activations(images, ['nowhere'])).toThrow(/no node "nowhere", expected one of: image/);
    expect(() => network.activationGradients(images, ['nowhere'], objective)).toThrow(/no node "nowhere"/);
    expect(() => network.activationsAndGradients(images, ['nowhere'], objective)).toThrow(/no node "nowhere"/);
    dispose();
  });
});

it('gives inner values by one pass forward and one back, as far as they are asked for', async () => {
  const { network, dispose } = build(mlp(true));
  const images = someImages(2);
  const products = async (run: () => tf.TensorContainer) =>
    (await tf.profile(run)).kernels.filter(({ name }) => /MatMul/i.test(name)).length;
  const objective = classLogit(tf.tensor1d([0, 1], 'int32'));
  expect(await products(() => network.activations(images, ['hidden-1']))).toBe(1);
  expect(await products(() => network.activations(images, []))).toBe(0);
  expect(await products(() => network.activationsAndGradients(images, ['hidden-1'], objective))).toBe(5);
  dispose();
});

it('frees values after their last reader, those that an identity hands on after the last of both', () => {
  const handing = model((shape, classes) => {
    const image = tf.input({ shape: [...shape], name: 'image' });
    const of = (layer: tf.layers.Layer, ...from: tf.SymbolicTensor[]) =>
      layer.apply(from.length === 1 ? (from[0] as tf.SymbolicTensor) : from) as tf.SymbolicTensor;
    const dropped = of(tf.layers.dropout({ name: 'drop', rate: 0.5 }), image);
    const hidden = of(relu('relu'), of(dense('hidden', 4), of(tf.layers.flatten({ name: 'flatten' }), dropped)));
    const again = of(tf.layers.dropout({ name: 'drop-2', rate: 0.5 }), hidden);
    const sum = of(
      tf.layers.add({ name: 'sum' }),
      of(dense('first', classes), again),
      of(dense('second', classes), hidden),
    );
    return tf.model({ inputs: image, outputs: sum });
  });
  const { network, dispose } = build(handing);
  const images = someImages(2);
  const names = network.graph.map(({ name }) => name);
  const values = network.activations(images, names);
  expectClose(values[names.indexOf('sum')] as tf.Tensor, network.logits(images));
  for (const [i, name] of names.entries()) {
    const [alone] = network.activations(images, [name]);
    expectClose(alone as tf.Tensor, values[i] as tf.Tensor);
  }
  expect(images.isDisposed).toBe(false);
  dispose();
});

describe('propagation', () => {
  it('by the chain rule is the input gradient, through shared layers, sums and concatenations', () => {
    const { network, dispose } = build(zoo);
    const images = someImages(3);
    const classes = tf.tensor1d([0, 1, 2], 'int32');
    const propagated = network.propagate(
      images,
      () => tf.oneHot(classes, 3, 1, 0, 'float32') as tf.Tensor2D,
      all(gradientRule),
    );
    expectClose(propagated, network.inputGradient(images, classLogit(classes)));
    dispose();
  });

  it('by the epsilon rule without biases is input times gradient and conserves relevance', () => {
    const epsilon: PropagationRule = ({ node, inputs, output, relevance }) => {
      const { kernel } = node.weights;
      if (kernel === undefined)
        return node.type === 'Flatten' ? [tf.reshape(relevance, inputs[0]?.shape ?? [])] : [relevance];
      const stabilised = tf.add(output, tf.mul(tf.add(tf.mul(tf.step(output), 2), -1), 1e-7));
      const shares = tf.matMul(tf.div(relevance, stabilised) as tf.Tensor2D, kernel as tf.Tensor2D, false, true);
      return [tf.mul(inputs[0] as tf.Tensor, shares)];
    };
    const { network, dispose } = build(mlp(false));
    const images = someImages(3);
    const classes = tf.tensor1d([0, 1, 2], 'int32');
    const chosen = (logits: tf.Tensor2D) => tf.mul(logits, tf.oneHot(classes, 3)) as tf.Tensor2D;
    const relevance = network.propagate(images, chosen, all(epsilon));
    expectClose(relevance, tf.mul(images, network.inputGradient(images, classLogit(classes))), 1e-4);
    expectClose(tf.sum(relevance, [1, 2, 3]), classLogit(classes)(network.logits(images)), 1e-4);
    dispose();
  });

  it('names the node that has no rule, and one whose rule returns a wrong shape', () => {
    const { network, dispose } = build(mlp(true));
    const images = someImages(1);
    const without = (node: GraphNode) => (node.type === 'Activation' ? undefined : gradientRule);
    expect(() => network.propagate(images, (logits) => logits, without)).toThrow(
      '[attribench] no backward rule for node "relu-2" of type Activation',
    );
    expect(() =>
      network.propagate(
        images,
        (logits) => logits,
        all(({ relevance }) => [relevance]),
      ),
    ).toThrow(/rule of node "logits" returned shapes \[1,3\], expected \[1,6\]/);
    dispose();
  });
});

describe('training mode', () => {
  it('normalises by the batch, tells where the moving statistics move, and draws dropout from the stream', async () => {
    const { network, trainable, dispose } = build(zoo);
    const images = someImages(8);
    const seen = new Observations();
    const logits = (name: string, observations?: Observations) =>
      trainable?.logits(images, stream('test', name), observations) as tf.Tensor;
    const before = await trainable?.snapshot();
    const once = logits('a').dataSync();
    expect(logits('a').dataSync()).toEqual(once);
    expect((await trainable?.snapshot())?.hash).toBe(before?.hash);
    expect(logits('a', seen).dataSync()).toEqual(once);
    expect((await trainable?.snapshot())?.hash).toBe(before?.hash);
    for (const { variable, value } of seen.moved()) variable.assign(value);
    const moved = (await trainable?.snapshot())?.entries.filter(
      ({ data }, i) => `${data}` !== `${before?.entries[i]?.data}`,
    );
    expect(moved?.map(({ name }) => name)).toEqual(['norm/movingMean', 'norm/movingVariance']);
    expect(logits('b').dataSync()).not.toEqual(once);
    expect(network.logits(images).dataSync()).not.toEqual(once);
    dispose();
  });

  it('refuses layers that draw random numbers of their own', () => {
    const noisy = model((shape, classes) =>
      chain(shape, [
        tf.layers.flatten({ name: 'flatten' }),
        tf.layers.gaussianNoise({ name: 'noise', stddev: 1 }),
        dense('logits', classes),
      ]),
    );
    const { network, trainable, dispose } = build(noisy);
    expect(network.logits(someImages(1)).shape).toEqual([1, 3]);
    expect(() => trainable?.logits(someImages(1), stream('test'))).toThrow(
      /"noise" of type GaussianNoise draws random/,
    );
    dispose();
  });
});

describe('a model given as a function', () => {
  const own = model(() => ({
    logits: (images) => tf.slice(tf.reshape(tf.square(images), [-1, 60]), [0, 0], [-1, 3]) as tf.Tensor2D,
    dispose: () => {},
  }));

  it('offers logits and gradients, and says what it does not offer', () => {
    const { network, capabilities, trainable, dispose } = buildNetwork(
      own,
      { inputShape: SHAPE, classes: 3, parameters: {} },
      null,
    );
    const images = someImages(2);
    expect(capabilities).toEqual(['logits', 'gradient']);
    expect(trainable).toBeNull();
    const gradient = network.inputGradient(images, classLogit(tf.tensor1d([1, 1], 'int32')));
    const expected = images.dataSync().map((value, i) => (i % 60 === 1 ? 2 * value : 0));
    expectClose(gradient, tf.tensor4d(expected, [2, ...SHAPE]));
    expect(() => network.graph).toThrow(/function offers no layer graph/);
    expect(() => network.weights).toThrow(/function offers no weights/);
    dispose();
  });
});

describe('weights', () => {
  it('survive safetensors bit by bit and keep their hash', () => {
    const weights = someWeights(zoo, 3);
    const decoded = decodeWeights(encodeWeights(weights));
    expect(decoded.hash).toBe(weights.hash);
    expect(decoded.entries).toEqual(weights.entries);
  });

  it('that do not fit are refused in one sentence', () => {
    const { entries } = someWeights(mlp(true), 3);
    const request = { inputShape: SHAPE, classes: 3, parameters: {} };
    const attempt = (changed: typeof entries) => () => buildNetwork(mlp(true), request, makeWeights(changed));
    const leaks = tf.memory().numTensors;
    expect(attempt(entries.slice(1))).toThrow(/weight "hidden-1\/kernel" of shape \[60,7\] is missing/);
    expect(attempt(entries.map((entry) => ({ ...entry, shape: [1] })))).toThrow(/has shape \[1\], expected \[60,7\]/);
    expect(attempt([...entries, { name: 'extra', shape: [1], data: new Float32Array(1) }])).toThrow(
      /"extra" is unknown/,
    );
    expect(() => buildNetwork(mlp(true), { ...request, inputShape: [6, 5, 1] }, makeWeights(entries))).toThrow(
      /\[30,7\]/,
    );
    expect(tf.memory().numTensors).toBe(leaks);
  });
});

it('leaks nothing, and dispose frees everything', () => {
  const images = someImages(2);
  const classes = tf.tensor1d([1, 2], 'int32');
  const before = tf.memory().numTensors;
  const built: BuiltNetwork = build(zoo);
  const owned = tf.memory().numTensors;
  for (let i = 0; i < 3; i++) {
    const { network } = built;
    tf.dispose([
      network.logits(images),
      network.inputGradient(images, classLogit(classes)),
      network.activations(images, ['sum', 'drop', 'joined']),
      network.activationGradients(images, ['sum', 'both'], classLogit(classes)),
      Object.values(network.activationsAndGradients(images, ['sum', 'both'], classLogit(classes))),
      network.propagate(images, (logits) => logits, all(gradientRule)),
    ]);
    expect(tf.memory().numTensors).toBe(owned);
  }
  built.dispose();
  expect(tf.memory().numTensors).toBe(before);
});

it('holds no outputs of layers before the first node whose gradient is asked', () => {
  const hidden = () => ['a', 'b', 'c', 'd', 'e', 'f'].flatMap((name) => [dense(name, 100), relu(`${name}-relu`)]);
  const layers = () => [tf.layers.flatten({ name: 'flat' }), ...hidden(), dense('logits', 3)];
  const built = build(model((shape) => chain(shape, layers())));
  const images = tf.tidy(() => tf.tile(someImages(2), [50, 1, 1, 1]));
  const before = tf.memory().numBytes;
  let held = 0;
  const found = built.network.activationGradients(images, ['f'], (logits) => {
    held = tf.memory().numBytes - before;

    return tf.sum(logits, 1);
  });
  // Some fifteen tensors of [100, 100] belong to the node and what lies behind; those before it would be twice as many more.
  expect(held).toBeLessThan(20 * 40_000);
  tf.dispose([found, images]);
  built.dispose();
});
