import { defineMethod } from 'attribench';
import { epsilonRule, relevanceOf } from './rules/relevance.ts';

/**
 * LRP with the epsilon rule at every linear layer: R_i = sum over j of x_i w_ij / (z_j + epsilon sign z_j) R_j, from
 * R = logit_c at the class; shape of the images, in logits.
 *
 * On networks of ReLUs, maxima and averages it tends to input x gradient as epsilon goes to 0, with biases too (Ancona,
 * Ceolini, Öztireli, Gross, "Towards better understanding of gradient-based attribution methods for deep neural networks",
 * ICLR 2018, section 3). Biases, and the shifts of batch normalisations, absorb relevance.
 */
export default defineMethod({
  id: 'lrp-epsilon',
  title: 'LRP epsilon',
  cite: 'Bach, Binder, Montavon, Klauschen, Müller, Samek, "On Pixel-Wise Explanations", PLoS ONE 10(7), 2015, equation 58',
  revision: 1,
  needs: ['propagation'],
  parameters: { epsilon: 1e-6 },
  rank: 'magnitude',
  axioms: ['conservation-without-bias'],
  attribute: ({ network, images, classes, parameters: { epsilon } }) =>
    relevanceOf({ network, images, classes, composite: () => epsilonRule(epsilon) }),
});
