import { defineMethod, tf } from 'attribench';
import { rescaleMultipliers } from './rules/deep-lift.ts';

/**
 * DeepLIFT by the Rescale rule: (x - b) m, with multipliers m that the chain rule makes of (y - y0) / (x - x0) at each
 * nonlinearity, y0 and x0 being its values at the baseline b; shape of the images, in logits.
 *
 * The baseline has the value `baseline` in every coordinate. Maps sum to logit_c(x) - logit_c(b). Not the same for all
 * networks that compute one function (Sundararajan et al. 2017, section 2.2).
 */
export default defineMethod({
  id: 'deep-lift',
  title: 'DeepLIFT',
  cite: 'Shrikumar, Greenside, Kundaje, "Learning Important Features Through Propagating Activation Differences", ICML 2017, sections 3.2 to 3.5.2',
  revision: 1,
  needs: ['propagation'],
  parameters: { baseline: 0 },
  rank: 'magnitude',
  axioms: ['completeness', 'sensitivity', 'conservation-without-bias'],
  attribute: ({ network, images, classes, parameters: { baseline } }) =>
    tf.tidy(() => {
      const [, height, width, channels] = images.shape;
      const reference = tf.fill<tf.Rank.R4>([1, height, width, channels], baseline);
      return tf.mul<tf.Tensor4D>(tf.sub(images, reference), rescaleMultipliers(network, images, reference, classes));
    }),
});
