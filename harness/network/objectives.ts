/**
 * What attributions differentiate: numbers taken from the logits of a batch.
 */
import * as tf from '@tensorflow/tfjs';
import type { Objective } from '../contracts.ts';

/** The logit of each image's class: [n], classes [n] int32. */
export function classLogit(classes: tf.Tensor1D): Objective {
  return (logits) => tf.sum(tf.mul(logits, oneHot(classes, logits)), 1);
}

/**
 * Cross-entropy of each image with its class as label: [n], in nats.
 *
 * As softplus(log sum over j != c of exp z_j - z_c): the gradient at z_c is then minus the sum of the
 * other classes' probabilities, where p_c - 1 would be rounding error from a margin of 15 logits on.
 */
export function crossEntropy(classes: tf.Tensor1D): Objective {
  return (logits) => {
    const chosen = oneHot(classes, logits);
    const others = tf.logSumExp(tf.sub(logits, tf.mul(chosen, 1e30)), 1);
    return tf.softplus(tf.sub(others, tf.sum(tf.mul(logits, chosen), 1)));
  };
}

/** [n, classes] of 0 and 1. Not tf.oneHot, which refuses one class. */
function oneHot(classes: tf.Tensor1D, logits: tf.Tensor2D): tf.Tensor {
  return tf.cast(tf.equal(tf.expandDims(classes, 1), tf.range(0, logits.shape[1], 1, 'int32')), 'float32');
}
