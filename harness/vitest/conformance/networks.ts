/**
 * The small networks on which a method is tried, built by the harness like any other.
 */
import type { ImageShape, Model, Parameters } from '../../contracts.ts';
import { defineModel } from '../../define.ts';
import { type BuiltNetwork, buildNetwork, weightShapes } from '../../network/build.ts';
import { makeWeights } from '../../network/weights.ts';
import type { Stream } from '../../random.ts';
import * as tf from '../../tfjs.js';
import { at, type DenseNetwork } from './dense.ts';

const zeros = { kernelInitializer: 'zeros', biasInitializer: 'zeros' } as const;

const denseModel: Model = defineModel<{ hidden: readonly number[] }>({
  id: 'conformance-dense',
  title: 'Dense ReLU network',
  cite: 'Conformance suite of this project',
  revision: 1,
  parameters: { hidden: [] },
  build: ({ inputShape, classes, parameters }) => {
    const layers: tf.layers.Layer[] = [tf.layers.flatten({ name: 'flatten', inputShape: [...inputShape] })];
    parameters.hidden.forEach((units, i) => {
      layers.push(tf.layers.dense({ name: `dense-${i}`, units, ...zeros }), tf.layers.reLU({ name: `relu-${i}` }));
    });
    layers.push(tf.layers.dense({ name: `dense-${parameters.hidden.length}`, units: classes, ...zeros }));
    return tf.sequential({ name: 'conformance-dense', layers });
  },
});

/** Batch normalisation, a residual sum and max-pooling, so that rules on a layer graph meet each. */
const convolutionalModel: Model = defineModel({
  id: 'conformance-convolutional',
  title: 'Small residual network',
  cite: 'Conformance suite of this project',
  revision: 1,
  build: ({ inputShape, classes }) => {
    const input = tf.input({ shape: [...inputShape], name: 'input' });
    const block = (name: string, from: tf.SymbolicTensor) => {
      const layer = tf.layers.conv2d({ name, filters: 4, kernelSize: 3, padding: 'same', ...zeros });
      const normalised = tf.layers.batchNormalization({ name: `${name}-norm` });
      return normalised.apply(layer.apply(from)) as tf.SymbolicTensor;
    };
    const relu = (name: string, from: tf.SymbolicTensor) => tf.layers.reLU({ name }).apply(from) as tf.SymbolicTensor;
    const stem = relu('relu-1', block('conv-1', input));
    const sum = tf.layers.add({ name: 'sum' }).apply([stem, block('conv-2', stem)]) as tf.SymbolicTensor;
    const pooled = tf.layers.maxPooling2d({ name: 'pool', poolSize: 2 }).apply(relu('relu-2', sum));
    const flat = tf.layers.flatten({ name: 'flatten' }).apply(pooled);
    const logits = tf.layers.dense({ name: 'logits', units: classes, ...zeros }).apply(flat) as tf.SymbolicTensor;
    return tf.model({ inputs: input, outputs: logits, name: 'conformance-convolutional' });
  },
});

/** The network of these layers on images of a shape. */
export function buildDense(inputShape: ImageShape, layers: DenseNetwork): BuiltNetwork {
  const hidden = layers.slice(0, -1).map(({ bias }) => bias.length);
  const request = { inputShape, classes: at(layers, hidden.length).bias.length, parameters: { hidden } };
  const entries = layers.flatMap(({ kernel, bias }, i) => [
    { name: `dense-${i}/kernel`, shape: [kernel.length, bias.length], data: Float32Array.from(kernel.flat()) },
    { name: `dense-${i}/bias`, shape: [bias.length], data: Float32Array.from(bias) },
  ]);
  return buildNetwork(denseModel, request, makeWeights(entries));
}

/** A residual convolutional network with weights from the stream. */
export function buildConvolutional(inputShape: ImageShape, classes: number, stream: Stream): BuiltNetwork {
  const request: { inputShape: ImageShape; classes: number; parameters: Parameters } = {
    inputShape,
    classes,
    parameters: {},
  };
  const entries = weightShapes(convolutionalModel, request).map(({ name, shape, short }) => {
    const size = shape.reduce((product, length) => product * length, 1);
    const fanIn = size / (shape.at(-1) ?? 1);
    const positive = short === 'gamma' || short === 'movingVariance';
    const data = positive
      ? stream.uniforms(size, 0.5, 1.5)
      : stream.uniforms(size, -2, 2).map((w) => w / Math.sqrt(fanIn));
    return { name, shape, data };
  });
  return buildNetwork(convolutionalModel, request, makeWeights(entries));
}
