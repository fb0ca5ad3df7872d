import { defineMethod, tf } from 'attribench';
import { activationsAndGradients, LAYER_ABOUT, stretchTo } from './support/activation-maps.ts';
import { BY_DEFINITION } from './support/literature.ts';

/** Grad-CAM++: channels of a layer weighted by a sum of positive gradients. */
export default defineMethod({
  id: 'grad-cam-plus-plus',
  title: 'Grad-CAM++',
  cite: 'Chattopadhay, Sarkar, Howlader, Balasubramanian, "Grad-CAM++: Generalized Gradient-Based Visual Explanations for Deep Convolutional Networks", WACV 2018, equations 5, 6 and 19',
  revision: 1,
  needs: ['layers'],
  parameters: { layer: 'auto' },
  rank: 'value',
  about: {
    family: 'activation',
    formula: `
      a = ReLU(sum over k of w_k A^k), w_k = sum over places of alpha^k_ij ReLU(g^k_ij), g = d logit_c / dA
      alpha^k_ij = g^2 / (2 g^2 + sum_ab A^k_ab g^3)
    `,
    map: '[n, height, width, 1], never negative',
    text: `alpha is that of equation 19, for the class score exp(logit_c), whose factor exp(logit_c) in w_k is left out; it
      is 1 / (2 + g sum_ab A^k_ab) wherever ReLU(g) is not 0. The map is stretched to the image bilinearly, after the ReLU.`,
    parameters: LAYER_ABOUT,
    failures: [
      {
        text: 'Its alphas are nearly constant in practice: it is Grad-CAM with positive gradients.',
        cite: 'Lerma, Lucas, "Grad-CAM++ is Equivalent to Grad-CAM With Positive Gradients", arXiv 2205.10838, 2022',
      },
      { text: 'No finer than its layer: dense networks have no map at all.', cite: BY_DEFINITION },
    ],
  },
  attribute: (request) =>
    tf.tidy(() => {
      const { layer } = request.parameters;
      const { activations, gradients } = activationsAndGradients('grad-cam-plus-plus', request, layer);
      const denominators = tf.mul(gradients, tf.sum(activations, [1, 2], true)).add(2);
      const weights = tf.sum(tf.divNoNan(tf.relu(gradients), denominators), [1, 2], true);
      const map = tf.relu(tf.sum<tf.Tensor4D>(tf.mul(weights, activations), 3, true));
      return stretchTo(map, request.images);
    }),
});
