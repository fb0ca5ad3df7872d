/**
 * What attributions differentiate: numbers taken from the logits of a batch.
 */
import type { Objective } from '../contracts.ts';
import * as tf from '../tfjs.js';

/** The logit of each image's class: [n], classes [n] int32. */
export function classLogit(classes: tf.Tensor1D): Objective {
  return (logits) => tf.sum(tf.mul(logits, oneHot(classes, logits)), 1);
}

/**
 * Cross-entropy of each image with its class as label: [n], in nats. Can be differentiated once.
 *
 * As softplus(log sum over j != c of exp z_j - z_c): the gradient at z_c is then minus the sum of the
 * other classes' probabilities, where p_c - 1 would be rounding error from a margin of 15 logits on.
 *
 * The gradient is written out: what differentiating the forward operations gives, to the bit, in 15 operations
 * for 28.
 */
export function crossEntropy(classes: tf.Tensor1D): Objective {
  return (logits) => {
    const chosen = oneHot(classes, logits);
    const loss = tf.customGrad((z, save) => {
      const others = tf.sub(z as tf.Tensor, tf.mul(chosen, 1e30));
      const highest = tf.max(others, 1, true);
      const shares = tf.exp(tf.sub(others, highest));
      const sum = tf.sum(shares, 1, true);
      const margin = tf.sub(tf.add(highest, tf.log(sum)), tf.sum(tf.mul(z as tf.Tensor, chosen), 1, true));
      (save as (tensors: tf.Tensor[]) => void)([chosen, others, highest, shares, sum, margin]);
      return { value: tf.reshape(tf.softplus(margin), [-1]), gradFunc: gradient };
    });
    const gradient = (dy: tf.Tensor, saved: tf.Tensor[]): tf.Tensor => {
      const [chosen, others, highest, shares, sum, margin] = saved as Kept;
      const slope = tf.mul(tf.reshape(dy, [-1, 1]), tf.sigmoid(margin));
      const probabilities = tf.mul(tf.div(slope, sum), shares);
      // Through the highest logit, which is taken out of the exponentials: rounding error of the slope's share in them.
      const rest = tf.add(slope, tf.neg(tf.sum(probabilities, 1, true)));
      const spread = tf.mul(rest, tf.cast(tf.equal(others, highest), 'float32'));
      return tf.add(tf.mul(tf.neg(slope), chosen), tf.add(probabilities, spread));
    };
    return loss(logits) as tf.Tensor1D;
  };
}

type Kept = [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];

/** [n, classes] of 0 and 1. Not tf.oneHot, which refuses one class. */
function oneHot(classes: tf.Tensor1D, logits: tf.Tensor2D): tf.Tensor {
  return tf.cast(tf.equal(tf.expandDims(classes, 1), tf.range(0, logits.shape[1], 1, 'int32')), 'float32');
}
