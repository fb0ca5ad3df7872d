import { defineMethod } from 'attribench';
import { relevanceOf, W_SQUARE, Z_PLUS } from './rules/relevance.ts';

/**
 * Deep Taylor decomposition for unbounded inputs: LRP with the z+ rule, and at the first linear layer the w^2 rule
 * R_i = sum over j of w_ij^2 / (sum over i of the same) R_j, from R = logit_c at the class; shape of the images, in logits.
 *
 * At the first layer the input's own values play no part. The bias has none either, as in the paper (zennit squares it).
 */
export default defineMethod({
  id: 'lrp-w-square',
  title: 'LRP w-square',
  cite: 'Montavon, Lapuschkin, Binder, Samek, Müller, "Explaining nonlinear classification decisions with deep Taylor decomposition", Pattern Recognition 65, 2017, section 4',
  revision: 1,
  needs: ['propagation'],
  rank: 'magnitude',
  attribute: ({ network, images, classes }) =>
    relevanceOf({ network, images, classes, composite: (_, { first }) => (first ? W_SQUARE : Z_PLUS) }),
});
