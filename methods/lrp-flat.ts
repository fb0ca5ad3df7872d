import { defineMethod } from 'attribench';
import { FLAT, relevanceOf, Z_PLUS } from './rules/relevance.ts';

/**
 * LRP with the z+ rule, and at the first linear layer the flat rule: each output spreads its relevance evenly over its
 * receptive field, R_i = sum over j of R_j / n_j, from R = logit_c at the class; shape of the images, in logits.
 *
 * A dense first layer reads every pixel, so the map is then constant: only networks that begin with a convolution have one
 * that says where. A padding layer takes the share of its pixels away; padding inside a convolution does not.
 */
export default defineMethod({
  id: 'lrp-flat',
  title: 'LRP flat',
  cite: 'Lapuschkin, Wäldchen, Binder, Montavon, Samek, Müller, "Unmasking Clever Hans predictors and assessing what machines really learn", Nature Communications 10, 2019, supplementary note',
  revision: 1,
  needs: ['propagation'],
  rank: 'magnitude',
  attribute: ({ network, images, classes }) =>
    relevanceOf({ network, images, classes, composite: (_, { first }) => (first ? FLAT : Z_PLUS) }),
});
