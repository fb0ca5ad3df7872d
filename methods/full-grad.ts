import { defineMethod, NotApplicable, tf } from 'attribench';
import { fullGradient } from './support/full-gradient.ts';

/** The least divisor of a rescaled part, as in the authors' code. */
const EPSILON = 1e-6;

/**
 * FullGrad: the sum over channels and parts of psi(x * d logit_c / dx) and psi(bias * d logit_c / d output) of every
 * bias with a place in the image; [n, height, width, 1], without unit, never negative.
 *
 * psi takes the absolute value, moves and scales each image's part to [0, 1] over all its channels at once, and
 * stretches it to the image bilinearly with aligned corners, as in the authors' code. There as here a convolution and
 * the batch normalisation behind it are two parts, a batch normalisation's bias is beta - gamma mean / deviation, and
 * dense biases are left out. The parts add up to the logit before psi, the map no more. Declines networks without a
 * bias in a convolutional part, where the map would be |x * gradient|.
 */
export default defineMethod({
  id: 'full-grad',
  title: 'FullGrad',
  cite: 'Srinivas, Fleuret, "Full-Gradient Representation for Neural Network Visualization", NeurIPS 2019, section 4',
  revision: 1,
  needs: ['layers'],
  rank: 'magnitude',
  attribute: ({ network, images, classes }) =>
    tf.tidy(() => {
      const { input, biases } = fullGradient(network, images, classes);
      const spatial = biases.filter((part): part is tf.Tensor4D => part.rank === 4);
      if (spatial.length === 0) {
        throw new NotApplicable('[attribench] method "full-grad" needs a bias in a convolutional part, this has none');
      }
      const [, height, width] = images.shape;
      const maps = [input, ...spatial].map((part) =>
        tf.image.resizeBilinear(tf.sum<tf.Tensor4D>(rescaled(part), 3, true), [height, width], true),
      );
      return tf.addN(maps);
    }),
});

/** |part|, each image from 0 to 1. */
function rescaled(part: tf.Tensor4D): tf.Tensor4D {
  const axes = [1, 2, 3];
  const size = tf.abs(part);
  const above = tf.sub<tf.Tensor4D>(size, tf.min(size, axes, true));
  return tf.div(above, tf.add(tf.max(above, axes, true), EPSILON));
}
