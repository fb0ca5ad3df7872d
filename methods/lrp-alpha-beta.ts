import { defineMethod, UsageError } from 'attribench';
import { alphaBeta, relevanceOf } from './rules/relevance.ts';

/**
 * LRP with the alpha-beta rule at every linear layer: R_i = sum over j of (alpha z+_ij / z+_j - beta z-_ij / z-_j) R_j, with
 * z_ij = x_i w_ij, + and - its positive and negative parts, and biases joined to the sum of their sign, from R = logit_c at
 * the class; shape of the images, in logits.
 *
 * alpha - beta = 1, beta >= 0. alpha = 1, beta = 0 is the z+ rule of deep Taylor decomposition. Where an output has no
 * contribution of one sign, that side's share is lost, so maps need not sum to the logit.
 */
export default defineMethod({
  id: 'lrp-alpha-beta',
  title: 'LRP alpha-beta',
  cite: 'Bach, Binder, Montavon, Klauschen, Müller, Samek, "On Pixel-Wise Explanations", PLoS ONE 10(7), 2015, equation 60',
  revision: 1,
  needs: ['propagation'],
  parameters: { alpha: 2, beta: 1 },
  rank: 'magnitude',
  attribute({ network, images, classes, parameters: { alpha, beta } }) {
    if (beta < 0 || Math.abs(alpha - beta - 1) > 1e-6) {
      throw new UsageError(
        `[attribench] method "lrp-alpha-beta": alpha is ${alpha} and beta ${beta}, expected beta >= 0 and alpha - beta = 1`,
      );
    }
    return relevanceOf({ network, images, classes, composite: () => alphaBeta(alpha, beta) });
  },
});
