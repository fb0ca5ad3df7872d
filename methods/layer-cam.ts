import { defineMethod, tf } from 'attribench';
import { activationsAndGradients, LAYER_ABOUT, stretchTo } from './support/activation-maps.ts';
import { BY_DEFINITION } from './support/literature.ts';

/** LayerCAM: a layer weighted place by place by its positive gradient. */
export default defineMethod({
  id: 'layer-cam',
  title: 'LayerCAM',
  cite: 'Jiang, Zhang, Hou, Cheng, Wei, "LayerCAM: Exploring Hierarchical Class Activation Maps for Localization", IEEE Transactions on Image Processing 30, 2021, section III',
  revision: 1,
  needs: ['layers'],
  parameters: { layer: 'auto' },
  rank: 'value',
  about: {
    family: 'activation',
    formula: 'a = ReLU(sum over k of ReLU(d logit_c / dA^k_ij) A^k_ij)',
    map: '[n, height, width, 1], never negative',
    text: 'The map is stretched to the image bilinearly, after the ReLU.',
    parameters: LAYER_ABOUT,
    failures: [
      {
        text: 'What speaks against the class, and what reaches the logit by a saturated unit, gets nothing.',
        cite: BY_DEFINITION,
      },
      { text: 'No finer than its layer: dense networks have no map at all.', cite: BY_DEFINITION },
    ],
  },
  attribute: (request) =>
    tf.tidy(() => {
      const { activations, gradients } = activationsAndGradients('layer-cam', request, request.parameters.layer);
      const map = tf.relu(tf.sum<tf.Tensor4D>(tf.mul(tf.relu(gradients), activations), 3, true));
      return stretchTo(map, request.images);
    }),
});
