/**
 * What attributions differentiate: numbers taken from the logits of a batch.
 */
import * as tf from '@tensorflow/tfjs';
import type { Objective } from '../contracts.ts';

/** The logit of each image's class: [n], classes [n] int32. */
export function classLogit(classes: tf.Tensor1D): Objective {
  return (logits) => tf.sum(tf.mul(logits, oneHot(classes, logits)), 1);
}

/** Cross-entropy of each image with its class as label: [n], in nats. */
export function crossEntropy(classes: tf.Tensor1D): Objective {
  return (logits) => tf.neg(tf.sum(tf.mul(tf.logSoftmax(logits), oneHot(classes, logits)), 1));
}

/** int32, since the wasm kernel writes integers whatever type is asked for; a product with floats is float. */
function oneHot(classes: tf.Tensor1D, logits: tf.Tensor2D): tf.Tensor2D {
  return tf.oneHot(classes, logits.shape[1]) as tf.Tensor2D;
}
