/**
 * Many short vectors as one, so that an operation on all of them is one call.
 *
 * The biases and the normalisations of a residual network are some 60 vectors of 16 to 128 numbers: an operation on each is
 * all call and no arithmetic. Element by element, so that no bit depends on what lies beside it.
 */
import * as tf from '../tfjs.js';

/** The vectors end to end. */
export function packed(vectors: readonly tf.Tensor[]): tf.Tensor1D {
  return tf.concat(vectors as tf.Tensor1D[]);
}

/** The inverse of `packed`, given vectors of the same lengths. */
export function unpacked(all: tf.Tensor1D, like: readonly tf.Tensor[]): tf.Tensor1D[] {
  return tf.split(
    all,
    like.map(({ size }) => size),
  );
}
