/**
 * The forward function of one layer.
 *
 * Layers with a kernel are written out here, since tf.layers runs them as fused operations, whose
 * gradient computes the weights' gradients even where only the input's is asked: a third of the
 * work of an input gradient. Dropout is written out because tf.layers draws from Math.random, batch
 * normalisation because it moves its statistics in every pass.
 * All other layers run as they are.
 */
import type { Parameters } from '../contracts.ts';
import { notRepeatable } from '../engine/program.ts';
import { UsageError } from '../errors.ts';
import type { Stream } from '../random.ts';
import * as tf from '../tfjs.js';
import { type BatchStatistics, normalisedByBatch, normalisedByMoving } from './batch-normalisation.ts';
import type { Observations } from './moving-statistics.ts';

/** Evaluation, or training: batch statistics, which `seen` takes where it is given, and dropout from the stream. */
export type Mode =
  | { readonly training: false }
  | { readonly training: true; readonly stream: Stream; readonly seen: Observations | null };

export const EVALUATION: Mode = { training: false };

export type Forward = (inputs: readonly tf.Tensor[], mode: Mode) => tf.Tensor;

type LayerWeights = () => { readonly [name: string]: tf.Tensor };

/** Types of layers whose activation becomes a node of its own. */
export const SPLIT_ACTIVATION: ReadonlySet<string> = new Set(['Dense', 'Conv2D', 'DepthwiseConv2D']);

const RANDOM: ReadonlySet<string> = new Set(['GaussianNoise', 'GaussianDropout', 'AlphaDropout', 'SpatialDropout1D']);

/** The forward function of a layer, without its activation where that is split off. */
export function layerForward(layer: tf.layers.Layer, type: string, config: Parameters, weights: LayerWeights): Forward {
  const linear = linearForward(type, config);
  if (linear !== undefined) return ([input]) => linear(one(input), weights());
  if (type === 'BatchNormalization') {
    return ([input], mode) => {
      if (!mode.training) return normalisedByMoving(one(input), config, weights());
      const observe = (seen: BatchStatistics) => mode.seen?.add(layer, Number(config.momentum), seen);
      return normalisedByBatch(one(input), config, weights(), observe);
    };
  }
  if (type === 'Dropout') return ([input], mode) => dropout(one(input), layer.name, config, mode);
  return (inputs, mode) => {
    if (mode.training && RANDOM.has(type)) {
      throw new UsageError(
        `[attribench] layer "${layer.name}" of type ${type} draws random numbers of its own, expected Dropout`,
      );
    }
    const output = layer.call(inputs.length === 1 ? one(inputs[0]) : [...inputs], { training: mode.training });
    return one(Array.isArray(output) ? output[0] : output);
  };
}

/** The forward function of a layer with a kernel for given weights, undefined for any other layer. */
export function linearForward(
  type: string,
  config: Parameters,
): ((input: tf.Tensor, weights: ReturnType<LayerWeights>) => tf.Tensor) | undefined {
  if (type === 'Dense') return dense;
  const { strides, padding, dilation } = geometry(config);
  if (type === 'Conv2D' && config.dataFormat !== 'channelsFirst') {
    return (input, { kernel, bias }) => {
      const output = tf.conv2d(image(input), image(kernel), strides, padding, 'NHWC', dilation);
      return bias === undefined ? output : tf.add(output, bias);
    };
  }
  if (type === 'DepthwiseConv2D' && config.dataFormat !== 'channelsFirst') {
    return (input, { depthwiseKernel, bias }) => {
      const output = tf.depthwiseConv2d(image(input), image(depthwiseKernel), strides, padding);
      return bias === undefined ? output : tf.add(output, bias);
    };
  }
  return undefined;
}

function dense(input: tf.Tensor, { kernel, bias }: ReturnType<LayerWeights>): tf.Tensor {
  const matrix = one(kernel) as tf.Tensor2D;
  const [fanIn, units] = matrix.shape;
  const rows = input.rank === 2 ? (input as tf.Tensor2D) : tf.reshape<tf.Rank.R2>(input, [-1, fanIn]);
  const product = tf.matMul(rows, matrix);
  const output = bias === undefined ? product : tf.add(product, bias);
  return input.rank === 2 ? output : tf.reshape(output, [...input.shape.slice(0, -1), units]);
}

function dropout(input: tf.Tensor, name: string, config: Parameters, mode: Mode): tf.Tensor {
  const rate = Number(config.rate);
  if (!mode.training || rate === 0) return input;
  if (config.noiseShape != null) {
    throw new UsageError(`[attribench] layer "${name}" has a noiseShape, expected Dropout without one`);
  }
  notRepeatable('it draws dropout masks');
  const stream = mode.stream.derive(name);
  const mask = Float32Array.from({ length: input.size }, () => (stream.uniform() < rate ? 0 : 1 / (1 - rate)));
  return tf.mul(input, tf.tensor(mask, input.shape));
}

function geometry(config: Parameters): {
  strides: [number, number];
  padding: 'valid' | 'same';
  dilation: [number, number];
} {
  return {
    strides: pair(config.strides),
    padding: config.padding === 'same' ? 'same' : 'valid',
    dilation: pair(config.dilationRate),
  };
}

function pair(value: Parameters[string] | undefined): [number, number] {
  const [first, second] = Array.isArray(value) ? value : [value, value];
  return [Number(first ?? 1), Number(second ?? 1)];
}

function one<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('[attribench] a layer lacks an input or a weight');
  return value;
}

function image(value: tf.Tensor | undefined): tf.Tensor4D {
  return one(value) as tf.Tensor4D;
}
