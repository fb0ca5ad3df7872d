import { defineMethod } from 'attribench';
import { boxRule, relevanceOf, Z_PLUS } from './rules/relevance.ts';

/**
 * Deep Taylor decomposition for bounded inputs: LRP with the z+ rule, and at the first linear layer the z-box rule
 * R_i = sum over j of (x_i w_ij - low w+_ij - high w-_ij) / (sum over i of the same) R_j, low and high the bounds of the
 * input, from R = logit_c at the class; shape of the images, in logits.
 *
 * Never negative where logit_c > 0: every numerator is at least 0 within the bounds. The bias has no part in the box rule.
 */
export default defineMethod({
  id: 'lrp-z-box',
  title: 'LRP z-box',
  cite: 'Montavon, Lapuschkin, Binder, Samek, Müller, "Explaining nonlinear classification decisions with deep Taylor decomposition", Pattern Recognition 65, 2017, section 4',
  revision: 1,
  needs: ['propagation'],
  rank: 'magnitude',
  attribute: ({ network, images, classes, bounds }) =>
    relevanceOf({ network, images, classes, composite: (_, { first }) => (first ? boxRule(bounds) : Z_PLUS) }),
});
