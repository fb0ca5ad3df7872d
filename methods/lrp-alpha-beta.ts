import { defineMethod, tf, UsageError } from 'attribench';
import { alphaBeta, relevanceOf } from './rules/relevance.ts';
import { BY_DEFINITION, FOUND_HERE, SIXT_2020 } from './support/literature.ts';

/** LRP with the alpha-beta rule at every linear layer. */
export default defineMethod({
  id: 'lrp-alpha-beta',
  title: 'LRP alpha-beta',
  cite: 'Bach, Binder, Montavon, Klauschen, Müller, Samek, "On Pixel-Wise Explanations", PLoS ONE 10(7), 2015, equation 60',
  revision: 1,
  needs: ['propagation'],
  parameters: { alpha: 2, beta: 1 },
  rank: 'magnitude',
  about: {
    family: 'propagation',
    formula:
      'R_i = sum over j of (alpha z+_ij / z+_j - beta z-_ij / z-_j) R_j, z_ij = x_i w_ij, from R = logit_c at the class',
    map: 'shape of the images, in logits',
    text: `+ and - are positive and negative parts, biases joined to the sum of their sign; alpha - beta = 1, beta >= 0.
      alpha = 1, beta = 0 is the z+ rule of deep Taylor decomposition.`,
    parameters: { alpha: 'weight of what raises an output', beta: 'weight of what lowers it: alpha - 1' },
    failures: [
      {
        text: 'Where an output has no contribution of one sign, that side is lost, so that maps need not sum to the logit.',
        cite: BY_DEFINITION,
        axiom: 'conservation-without-bias',
      },
      { text: 'It looks at the units, not at the function.', cite: FOUND_HERE, axiom: 'implementation-invariance' },
      { text: 'Two units that cancel both count.', cite: FOUND_HERE, axiom: 'dummy' },
      { text: 'Its maps hardly depend on the parameters of the later layers.', cite: SIXT_2020 },
    ],
  },
  async attribute({ network, images, classes, parameters: { alpha, beta } }) {
    if (beta < 0 || Math.abs(alpha - beta - 1) > 1e-6) {
      throw new UsageError(
        `[attribench] method "lrp-alpha-beta": alpha is ${alpha} and beta ${beta}, expected beta >= 0 and alpha - beta = 1`,
      );
    }
    const nonNegative = await isNonNegative(images);
    return relevanceOf({ network, images, classes, nonNegative, composite: () => alphaBeta(alpha, beta) });
  },
});

async function isNonNegative(images: tf.Tensor): Promise<boolean> {
  const least = tf.min(images);
  const [value = Number.NaN] = await least.data();
  least.dispose();
  return value >= 0;
}
