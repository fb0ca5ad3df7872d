/**
 * Where a backward walk starts: at the explained class of each image.
 */
import { tf } from 'attribench';

/** 1 at the class, 0 elsewhere: the gradient of logit_c. */
export function unitSeed(classes: tf.Tensor1D): (logits: tf.Tensor2D) => tf.Tensor2D {
  return (logits) => {
    const columns = tf.range(0, logits.shape[1], 1, 'int32').expandDims(0);
    return tf.cast<tf.Tensor2D>(tf.equal(classes.expandDims(1), columns), 'float32');
  };
}

/** logit_c at the class, 0 elsewhere: the relevance that Bach et al. 2015 distribute. */
export function logitSeed(classes: tf.Tensor1D): (logits: tf.Tensor2D) => tf.Tensor2D {
  return (logits) => tf.mul<tf.Tensor2D>(logits, unitSeed(classes)(logits));
}
