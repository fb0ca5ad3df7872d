import { classLogit, defineMethod, tf } from 'attribench';
import { meanOverNoise } from './support/noise.ts';
import { positiveInteger } from './support/samples.ts';

/**
 * VarGrad: variance over `samples` of d logit_c / dx at x + e; shape of the images, squared logits per squared unit of
 * input, never negative.
 *
 * Noise as in smooth-grad; the sum of squares is divided by `samples`. Both moments are taken about the gradient at x
 * itself, since the difference of raw moments would drown a small variance in rounding.
 */
export default defineMethod({
  id: 'var-grad',
  title: 'VarGrad',
  cite: 'Adebayo, Gilmer, Goodfellow, Kim, "Local Explanation Methods for Deep Neural Networks Lack Sensitivity to Parameter Values", ICLR workshop 2018; measured in Hooker, Erhan, Kindermans, Kim, NeurIPS 2019, section 4',
  revision: 2,
  needs: ['gradient'],
  parameters: { samples: 25, sigma: 0.1 },
  rank: 'magnitude',
  axioms: ['implementation-invariance', 'dummy', 'input-shift-invariance'],
  async attribute(request) {
    const { network, images, classes, parameters } = request;
    positiveInteger('var-grad', 'samples', parameters.samples);
    const centre = network.inputGradient(images, classLogit(classes));
    const moments = await meanOverNoise(request, parameters, (gradients) => {
      const copies = gradients.shape[0] / images.shape[0];
      const deviations = tf.sub<tf.Tensor4D>(gradients, tf.tile(centre, [copies, 1, 1, 1]));
      return tf.concat([deviations, tf.square(deviations)], 3);
    }).finally(() => centre.dispose());
    const variance = tf.tidy(() => {
      const [mean, square] = tf.split(moments, 2, 3) as [tf.Tensor4D, tf.Tensor4D];
      return tf.relu<tf.Tensor4D>(tf.sub(square, tf.square(mean)));
    });
    moments.dispose();
    return variance;
  },
});
