/**
 * Small networks of any layers with weights from a stream, and maps on them.
 */
import { defineModel, type ImageShape, type Method, type Network, type Parameters, type Stream, tf } from 'attribench';
import { expect } from 'vitest';
import { type BuiltNetwork, buildNetwork, weightShapes } from '../../../harness/network/build.ts';
import { makeWeights } from '../../../harness/network/weights.ts';
import { at } from '../../../harness/vitest/conformance/dense.ts';
import { type Call, subject } from '../../../harness/vitest/conformance/subject.ts';

/** Makes its layers anew at each call. */
export type Flow = (image: tf.SymbolicTensor) => tf.SymbolicTensor;

export interface Drawn {
  /** Scale of every bias, and of shifts and means of batch normalisations; 1 unless given. */
  readonly bias?: number;
  /** The name by which a weight is drawn, where it is not its own. */
  readonly drawnAs?: (name: string) => string;
}

/**
 * The network image -> flow(image), its last layer giving the logits.
 *
 * Kernels are uniform with a standard deviation that keeps signals of their size; weights are drawn by name, so that two
 * networks with layers of one name share their weights.
 */
export function build(
  inputShape: ImageShape,
  flow: Flow,
  stream: Stream,
  { bias = 1, drawnAs = (name) => name }: Drawn = {},
): BuiltNetwork {
  let classes = 0;
  const model = defineModel({
    id: 'test',
    title: 'Test',
    cite: 'none',
    revision: 1,
    build: () => {
      const input = tf.input({ shape: [...inputShape], name: 'image' });
      const output = flow(input);
      classes = output.shape[1] ?? 0;
      return tf.model({ inputs: input, outputs: output });
    },
  });
  const request = { inputShape, classes, parameters: {} };
  const entries = weightShapes(model, request).map(({ name, shape, short }) => {
    const numbers = stream.derive(drawnAs(name));
    const size = shape.reduce((product, length) => product * length, 1);
    const limit = 2 / Math.sqrt(size / (shape.at(-1) ?? 1));
    if (short === 'movingVariance') return { name, shape, data: numbers.uniforms(size, 0.5, 1.5) };
    if (/kernel|gamma/i.test(short)) {
      const signed = short === 'gamma' ? 1.5 : limit;
      return { name, shape, data: numbers.uniforms(size, -signed, signed) };
    }
    return { name, shape, data: numbers.uniforms(size, -0.5 * bias, 0.5 * bias) };
  });
  return buildNetwork(model, { ...request, classes }, makeWeights(entries));
}

const none = { kernelInitializer: 'zeros', biasInitializer: 'zeros' } as const;

export function through(layer: tf.layers.Layer, ...inputs: tf.SymbolicTensor[]): tf.SymbolicTensor {
  const [only] = inputs;
  return layer.apply(inputs.length === 1 && only !== undefined ? only : inputs) as tf.SymbolicTensor;
}
export const dense = (name: string, units: number): tf.layers.Layer => tf.layers.dense({ name, units, ...none });
export const conv = (name: string, filters: number, options: object = {}): tf.layers.Layer =>
  tf.layers.conv2d({ name, filters, kernelSize: 3, padding: 'same', ...none, ...options });
export const depthwise = (name: string): tf.layers.Layer =>
  tf.layers.depthwiseConv2d({
    name,
    kernelSize: 3,
    padding: 'same',
    depthwiseInitializer: 'zeros',
    biasInitializer: 'zeros',
  });
export const relu = (name: string): tf.layers.Layer => tf.layers.reLU({ name });
export const norm = (name: string): tf.layers.Layer => tf.layers.batchNormalization({ name });
export const flatten = (): tf.layers.Layer => tf.layers.flatten({ name: 'flatten' });

/** Layers one after the other, made anew for each network. */
export const chain =
  (layers: () => readonly tf.layers.Layer[]): Flow =>
  (image) =>
    layers().reduce((value, layer) => through(layer, value), image);

/** Every layer that rules are for: shared weights, normalisations folded and not, sums, concatenations, pooling. */
export const zoo =
  (classes: number): Flow =>
  (image) => {
    const shared = conv('shared', 4);
    const once = through(relu('relu-1'), through(norm('norm-1'), through(shared, through(conv('stem', 4), image))));
    const twice = through(norm('norm-2'), through(shared, once));
    const sum = through(tf.layers.add({ name: 'sum' }), once, twice);
    const alone = through(tf.layers.leakyReLU({ name: 'leaky' }), through(norm('alone'), sum));
    const apart = through(norm('norm-3'), through(depthwise('depthwise'), alone));
    const padded = through(tf.layers.zeroPadding2d({ name: 'pad', padding: 1 }), through(relu('relu-2'), apart));
    const strided = through(
      conv('strided', 5, { strides: 2, padding: 'valid', activation: 'relu', useBias: false }),
      padded,
    );
    const both = through(
      tf.layers.concatenate({ name: 'both' }),
      through(tf.layers.maxPooling2d({ name: 'max', poolSize: 2 }), strided),
      through(tf.layers.averagePooling2d({ name: 'average', poolSize: 2 }), strided),
    );
    const joined = through(
      tf.layers.concatenate({ name: 'joined' }),
      through(tf.layers.globalAveragePooling2d({ name: 'mean' }), both),
      through(tf.layers.globalMaxPooling2d({ name: 'most' }), both),
      through(flatten(), both),
    );
    const dropped = through(tf.layers.dropout({ name: 'drop', rate: 0.5 }), joined);
    return through(dense('logits', classes), dropped);
  };

/** Maps of images on a network, one list an image. */
export function mapsOn(
  method: Method,
  built: BuiltNetwork,
  { images, classes = images.map(() => 0) }: Pick<Call, 'images'> & Partial<Pick<Call, 'classes'>>,
  parameters: Parameters = {},
): Promise<number[][]> {
  return subject(method, parameters).attribute({ network: built.network, images, classes });
}

/** Logits of images, one list an image. */
export async function logitsOn(
  { network }: { network: Network<'logits'> },
  images: Call['images'],
): Promise<number[][]> {
  const input = tf.tensor4d(Float32Array.from(images.flat()), [images.length, ...network.inputShape]);
  const logits = network.logits(input);
  const values = (await logits.array()) as number[][];
  tf.dispose([input, logits]);
  return values;
}

/** Uniform random images from low to high. */
export const randomImages = (stream: Stream, count: number, shape: ImageShape, low = 0, high = 1): number[][] =>
  Array.from({ length: count }, () => Array.from(stream.uniforms(shape[0] * shape[1] * shape[2], low, high)));

/** Every entry within `share` of the largest expected one, which is not zero. */
export function expectNear(got: readonly number[], expected: readonly number[], share = 1e-4) {
  const scale = Math.max(...expected.map(Math.abs));
  expect(scale).toBeGreaterThan(0);
  expect(got).toHaveLength(expected.length);
  got.forEach((value, k) => {
    expect(Math.abs(value - at(expected, k)), `entry ${k}`).toBeLessThanOrEqual(share * scale);
  });
}
