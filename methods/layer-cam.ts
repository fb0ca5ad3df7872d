import { defineMethod, tf } from 'attribench';
import { activationsAndGradients, stretchTo } from './support/activation-maps.ts';

/**
 * LayerCAM: ReLU(sum over k of ReLU(d logit_c / dA^k_ij) A^k_ij): a weight for every place; [n, height, width, 1],
 * never negative.
 *
 * `layer` as in Grad-CAM; the map is stretched to the image bilinearly, after the ReLU.
 */
export default defineMethod({
  id: 'layer-cam',
  title: 'LayerCAM',
  cite: 'Jiang, Zhang, Hou, Cheng, Wei, "LayerCAM: Exploring Hierarchical Class Activation Maps for Localization", IEEE Transactions on Image Processing 30, 2021, section III',
  revision: 1,
  needs: ['layers'],
  parameters: { layer: 'auto' },
  rank: 'value',
  attribute: (request) =>
    tf.tidy(() => {
      const { activations, gradients } = activationsAndGradients('layer-cam', request, request.parameters.layer);
      const map = tf.relu(tf.sum<tf.Tensor4D>(tf.mul(tf.relu(gradients), activations), 3, true));
      return stretchTo(map, request.images);
    }),
});
