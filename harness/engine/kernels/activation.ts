/** The activations that TensorFlow.js fuses with products and convolutions. */
import * as tf from '../../tfjs.js';

/** An activation by its fused name; errors: Error for an unknown one. */
export function activate(
  x: tf.Tensor,
  name: string,
  prelu: tf.Tensor | undefined,
  alpha: number | undefined,
): tf.Tensor {
  switch (name) {
    case 'linear':
      return x;
    case 'relu':
      return tf.relu(x);
    case 'relu6':
      return tf.relu6(x);
    case 'elu':
      return tf.elu(x);
    case 'sigmoid':
      return tf.sigmoid(x);
    case 'leakyrelu':
      return tf.leakyRelu(x, alpha);
    case 'prelu':
      if (prelu !== undefined) return tf.prelu(x, prelu);
  }
  throw new Error(`[attribench] fused matMul: activation "${name}" is unknown`);
}
