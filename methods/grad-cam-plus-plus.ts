import { defineMethod, tf } from 'attribench';
import { activationsAndGradients, stretchTo } from './support/activation-maps.ts';

/**
 * Grad-CAM++: ReLU(sum over k of w_k A^k) with w_k = sum over places of alpha^k_ij ReLU(g^k_ij), g = d logit_c / dA;
 * [n, height, width, 1], never negative.
 *
 * alpha^k_ij = g^2 / (2 g^2 + sum_ab A^k_ab g^3) at place ij (equation 19, for the class score exp(logit_c), whose
 * factor exp(logit_c) in w_k is left out); it is 1 / (2 + g sum_ab A^k_ab) wherever ReLU(g) is not 0. `layer` as in
 * Grad-CAM; the map is stretched to the image bilinearly, after the ReLU.
 */
export default defineMethod({
  id: 'grad-cam-plus-plus',
  title: 'Grad-CAM++',
  cite: 'Chattopadhay, Sarkar, Howlader, Balasubramanian, "Grad-CAM++: Generalized Gradient-Based Visual Explanations for Deep Convolutional Networks", WACV 2018, equations 5, 6 and 19',
  revision: 1,
  needs: ['layers'],
  parameters: { layer: 'auto' },
  rank: 'value',
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
