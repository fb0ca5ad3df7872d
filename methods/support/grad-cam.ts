/**
 * Grad-CAM's formula, which Guided Grad-CAM multiplies with another map.
 */
import { tf } from 'attribench';
import { type ActivationRequest, activationsAndGradients, stretchTo } from './activation-maps.ts';

/** ReLU(sum over k of mean_ij(d logit_c / dA^k_ij) A^k), stretched to the images: [n, height, width, 1]. */
export function gradCam(method: string, request: ActivationRequest, layer: string): tf.Tensor4D {
  return tf.tidy(() => {
    const { activations, gradients } = activationsAndGradients(method, request, layer);
    const weights = tf.mean(gradients, [1, 2], true);
    const map = tf.relu(tf.sum<tf.Tensor4D>(tf.mul(weights, activations), 3, true));
    return stretchTo(map, request.images);
  });
}
