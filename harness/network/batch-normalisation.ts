/**
 * Batch normalisation: by the moving statistics in evaluation, by the batch's own in training.
 *
 * Written out, since the layer of tf.layers moves its statistics at every pass in training mode, an adversary's
 * passes included, and by the batch's biased variance; and because one gradient written by hand takes half the
 * passes over the batch that the composed one does.
 */
import * as tf from '@tensorflow/tfjs';
import type { Parameters } from '../contracts.ts';

/** Over all axes but the normalised one, [channels]. */
export interface BatchStatistics {
  readonly mean: tf.Tensor;
  /** Unbiased, as PyTorch moves it: divided by one less than the number of values, if there are two or more. */
  readonly variance: tf.Tensor;
}

type NormalisationWeights = { readonly [name: string]: tf.Tensor };

/** (x - moving mean) / sqrt(moving variance + eps) * gamma + beta, as one product and one sum. */
export function normalisedByMoving(input: tf.Tensor, config: Parameters, weights: NormalisationWeights): tf.Tensor {
  const { wide } = layout(input, config);
  const { movingMean, movingVariance, gamma, beta } = weights;
  if (movingMean === undefined || movingVariance === undefined) {
    throw new Error('[attribench] a batch normalisation lacks its moving mean or variance');
  }
  const inverse = tf.rsqrt(tf.add(movingVariance, Number(config.epsilon)));
  const scale = gamma === undefined ? inverse : tf.mul(inverse, gamma);
  const lowered = tf.neg(tf.mul(movingMean, scale));
  const shift = beta === undefined ? lowered : tf.add(lowered, beta);
  return tf.add(tf.mul(input, wide(scale)), wide(shift));
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
  const { wide, axes, channels } = layout(input, config);
  const count = input.size / channels;
  const normalise = tf.customGrad((...given) => {
    const [x, scale, shift, save] = given as unknown as [tf.Tensor, tf.Tensor, tf.Tensor, tf.GradSaveFunc];
    const mean = tf.mean(x, axes);
    const centred = tf.sub(x, wide(mean));
    const biased = tf.mean(tf.square(centred), axes);
    observe({ mean, variance: tf.mul(biased, count / Math.max(1, count - 1)) });
    const inverse = tf.rsqrt(tf.add(biased, Number(config.epsilon)));
    save([centred, inverse, scale]);
    return {
      value: tf.add(tf.mul(centred, wide(tf.mul(inverse, scale))), wide(shift)),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [centred, inverse, scale] = saved as [tf.Tensor, tf.Tensor, tf.Tensor];
        const dShift = tf.sum(dy, axes);
        const dScale = tf.mul(tf.sum(tf.mul(dy, centred), axes), inverse);
        const factor = tf.mul(inverse, scale);
        // dx = factor (dy - mean of dy - normalised x * mean of dy * normalised x)
        const slope = tf.div(tf.mul(tf.mul(factor, inverse), dScale), -count);
        const level = tf.div(tf.mul(factor, dShift), -count);
        const dx = tf.add(tf.mul(dy, wide(factor)), tf.add(tf.mul(centred, wide(slope)), wide(level)));
        return [dx, dScale, dShift];
      },
    };
  });
  return normalise(input, gamma ?? tf.ones([channels]), beta ?? tf.zeros([channels]));
}

function layout(input: tf.Tensor, config: Parameters) {
  const axis = (Number(config.axis ?? -1) + input.rank) % input.rank;
  const channels = input.shape[axis] ?? 1;
  const shape = input.shape.map((_, i) => (i === axis ? channels : 1));
  return {
    channels,
    axes: input.shape.map((_, i) => i).filter((i) => i !== axis),
    /** [channels] as it lies along the batch. */
    wide: (values: tf.Tensor) => (axis === input.rank - 1 ? values : tf.reshape(values, shape)),
  };
}
