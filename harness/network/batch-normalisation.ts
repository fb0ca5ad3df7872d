/**
 * Batch normalisation: by the moving statistics in evaluation, by the batch's own in training.
 *
 * Written out, since the layer of tf.layers moves its statistics at every pass in training mode, an adversary's
 * passes included, and by the batch's biased variance; and because one gradient written by hand takes half the
 * passes over the batch that the composed one does.
 */
import type { Parameters } from '../contracts.ts';
import {
  fusedBatchNormalisation,
  fusedBatchNormalisationGradient,
  hasFusedBatchNormalisation,
} from '../engine/kernels/batch-normalisation.ts';
import * as tf from '../tfjs.js';

/** Over all axes but the normalised one, [channels]. */
export interface BatchStatistics {
  readonly mean: tf.Tensor;
  /** Unbiased, as PyTorch moves it: divided by one less than the number of values, if there are two or more. */
  readonly variance: tf.Tensor;
}

export type NormalisationWeights = { readonly [name: string]: tf.Tensor };

/** (x - moving mean) / sqrt(moving variance + eps) * gamma + beta, as one product and one sum. */
export function normalisedByMoving(input: tf.Tensor, config: Parameters, weights: NormalisationWeights): tf.Tensor {
  const { wide } = layout(input, config);
  const { scale, shift } = movingScaleAndShift(config, weights);
  return tf.add(tf.mul(input, wide(scale)), wide(shift));
}

/** What the moving statistics make of each channel: x * scale + shift, [channels] each. */
export function movingScaleAndShift(
  config: Parameters,
  { movingMean, movingVariance, gamma, beta }: NormalisationWeights,
): { scale: tf.Tensor; shift: tf.Tensor } {
  if (movingMean === undefined || movingVariance === undefined) {
    throw new Error('[attribench] a batch normalisation lacks its moving mean or variance');
  }
  const inverse = tf.rsqrt(tf.add(movingVariance, Number(config.epsilon)));
  const scale = gamma === undefined ? inverse : tf.mul(inverse, gamma);
  const level = tf.mul(movingMean, scale);
  return { scale, shift: beta === undefined ? tf.neg(level) : tf.sub(beta, level) };
}

/**
 * (x - mean) / sqrt(variance + eps) * gamma + beta with mean and biased variance of the batch.
 *
 * Differentiable once, with respect to the input, gamma and beta. `observe` is given the statistics during the call.
 * Ioffe, Szegedy, "Batch Normalization", ICML 2015, algorithm 1 and the gradients beneath it.
 */
export function normalisedByBatch(
  input: tf.Tensor,
  config: Parameters,
  { gamma, beta }: NormalisationWeights,
  observe: (statistics: BatchStatistics) => void = () => {},
): tf.Tensor {
  const { wide, axes, channels, last } = layout(input, config);
  const epsilon = Number(config.epsilon);
  const scale = gamma ?? tf.ones([channels]);
  const shift = beta ?? tf.zeros([channels]);
  if (last && hasFusedBatchNormalisation()) return fused(input, scale, shift, epsilon, observe);
  const count = input.size / channels;
  const normalise = tf.customGrad((...given) => {
    const [x, gamma, beta, save] = given as Differentiated;
    const mean = tf.mean(x, axes);
    const centred = tf.sub(x, wide(mean));
    const biased = tf.mean(tf.square(centred), axes);
    observe({ mean, variance: tf.mul(biased, count / Math.max(1, count - 1)) });
    const inverse = tf.rsqrt(tf.add(biased, epsilon));
    save([centred, inverse, gamma]);
    return {
      value: tf.add(tf.mul(centred, wide(tf.mul(inverse, gamma))), wide(beta)),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [centred, inverse, gamma] = saved as [tf.Tensor, tf.Tensor, tf.Tensor];
        const dBeta = tf.sum(dy, axes);
        const dGamma = tf.mul(tf.sum(tf.mul(dy, centred), axes), inverse);
        const factor = tf.mul(inverse, gamma);
        // dx = factor (dy - mean of dy - normalised x * mean of dy * normalised x)
        const slope = tf.div(tf.mul(tf.mul(factor, inverse), dGamma), -count);
        const level = tf.div(tf.mul(factor, dBeta), -count);
        const dx = tf.add(tf.mul(dy, wide(factor)), tf.add(tf.mul(centred, wide(slope)), wide(level)));
        return [dx, dGamma, dBeta];
      },
    };
  });
  return normalise(input, scale, shift);
}

type Differentiated = [x: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor, save: tf.GradSaveFunc];

/** The same over the last axis by the engine's own operations. */
function fused(
  input: tf.Tensor,
  scale: tf.Tensor,
  shift: tf.Tensor,
  epsilon: number,
  observe: (statistics: BatchStatistics) => void,
): tf.Tensor {
  const images = (values: tf.Tensor): tf.Tensor4D =>
    values.rank === 4 ? (values as tf.Tensor4D) : tf.reshape(values, [-1, 1, 1, values.shape.at(-1) ?? 1]);
  const normalise = tf.customGrad((...given) => {
    const [x, gamma, beta, save] = given as Differentiated;
    const { output, mean, variance, reserved } = fusedBatchNormalisation(images(x), gamma, beta, epsilon);
    observe({ mean, variance });
    save([x, gamma, ...reserved]);
    return {
      value: tf.reshape(output, x.shape),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [x, gamma, ...reserved] = saved as [tf.Tensor, tf.Tensor, ...tf.Tensor[]];
        const [dx, ...others] = fusedBatchNormalisationGradient(images(dy), images(x), gamma, reserved, epsilon);
        return [tf.reshape(dx, x.shape), ...others];
      },
    };
  });
  return normalise(input, scale, shift);
}

function layout(input: tf.Tensor, config: Parameters) {
  const axis = (Number(config.axis ?? -1) + input.rank) % input.rank;
  const channels = input.shape[axis] ?? 1;
  const shape = input.shape.map((_, i) => (i === axis ? channels : 1));
  return {
    channels,
    last: axis === input.rank - 1,
    axes: input.shape.map((_, i) => i).filter((i) => i !== axis),
    /** [channels] as it lies along the batch. */
    wide: (values: tf.Tensor) => (axis === input.rank - 1 ? values : tf.reshape(values, shape)),
  };
}
