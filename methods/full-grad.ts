import { defineMethod, NotApplicable, tf } from 'attribench';
import { fullGradient } from './support/full-gradient.ts';
import { BY_DEFINITION } from './support/literature.ts';

/** The least divisor of a rescaled part, as in the authors' code. */
const EPSILON = 1e-6;

/** FullGrad: input x gradient and what every bias adds, at its place in the image. */
export default defineMethod({
  id: 'full-grad',
  title: 'FullGrad',
  cite: 'Srinivas, Fleuret, "Full-Gradient Representation for Neural Network Visualization", NeurIPS 2019, section 4',
  revision: 1,
  needs: ['layers'],
  rank: 'magnitude',
  about: {
    family: 'gradient',
    formula: `
      a = psi(x * d logit_c / dx) + sum over biases of psi(bias * d logit_c / d output)
      psi(p) = |p|, moved and scaled to [0, 1], stretched to the image
    `,
    map: '[n, height, width, 1], without unit, never negative',
    text: `Biases with a place in the image count. psi treats each image's part over all its channels at once and stretches
      it bilinearly with aligned corners, as in the authors' code. There as here a convolution and the batch
      normalisation behind it are two parts, a batch normalisation's bias is beta - gamma mean / deviation, and dense
      biases are left out. Declines networks without a bias in a convolutional part, where the map would be
      |x * gradient|.`,
    failures: [
      { text: 'The parts add up to the logit before psi, the map no more.', cite: BY_DEFINITION },
      { text: 'psi makes all parts equally strong, however little one of them adds.', cite: BY_DEFINITION },
    ],
  },
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
