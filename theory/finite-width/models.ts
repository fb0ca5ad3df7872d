/**
 * Networks with one output f, as the theory has them, in the harness's form of two logits.
 *
 * The logits are (-f/2, f/2), so that their cross-entropy is the paper's loss log(1 + exp(-y f)) and
 * class 1 is y = +1. They are studied here and rank nothing, so they are no plugins of the models' room.
 */
import { defineModel, type InitialisationScheme, tf } from 'attribench';

/** [n, 1] -> [n, 2]: f becomes (-f/2, f/2). */
class HalfDifference extends tf.layers.Layer {
  static className = 'HalfDifference';

  override computeOutputShape(): tf.Shape {
    return [null, 2];
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => {
      const half = tf.mul(Array.isArray(inputs) ? (inputs[0] as tf.Tensor) : inputs, 0.5);
      return tf.concat([tf.neg(half), half], 1);
    });
  }
}

const CITE = 'Shah, Jain, Netrapalli, "Do Input Gradients Highlight Discriminative Features?", NeurIPS 2021, section 6';

/**
 * f(x) = sum over `width` neurons of w phi(<r, x> + b), without an output bias.
 *
 * 'torch-linear' is the usual start (Figure 5); 'small' is 0.02 times it: from there gradient flow comes
 * near the max-margin network.
 */
export const oneHiddenLayer = (initialisation: InitialisationScheme) =>
  defineModel({
    id: 'one-hidden-layer',
    title: 'One hidden layer',
    cite: CITE,
    revision: 1,
    initialisation,
    parameters: { width: 100 },
    build: ({ inputShape, parameters }) =>
      tf.sequential({
        layers: [
          tf.layers.flatten({ name: 'flatten', inputShape: [...inputShape] }),
          tf.layers.dense({ name: 'hidden', units: parameters.width, kernelInitializer: 'zeros' }),
          tf.layers.activation({ name: 'relu', activation: 'relu' }),
          tf.layers.dense({ name: 'output', units: 1, useBias: false, kernelInitializer: 'zeros' }),
          new HalfDifference({ name: 'logits' }),
        ],
      }),
  });

/** f(x) = <r, x> + b: its gradient is r whatever the input. */
export const linear = defineModel({
  id: 'linear-difference',
  title: 'Linear',
  cite: CITE,
  revision: 1,
  build: ({ inputShape }) =>
    tf.sequential({
      layers: [
        tf.layers.flatten({ name: 'flatten', inputShape: [...inputShape] }),
        tf.layers.dense({ name: 'output', units: 1, kernelInitializer: 'zeros' }),
        new HalfDifference({ name: 'logits' }),
      ],
    }),
});
