import { defineMethod } from 'attribench';
import { relevanceOf, W_SQUARE, Z_PLUS } from './rules/relevance.ts';
import { FOUND_HERE, SIXT_2020 } from './support/literature.ts';

/** Deep Taylor decomposition for unbounded inputs: LRP with the z+ rule, and the w^2 rule at the first linear layer. */
export default defineMethod({
  id: 'lrp-w-square',
  title: 'LRP w-square',
  cite: 'Montavon, Lapuschkin, Binder, Samek, Müller, "Explaining nonlinear classification decisions with deep Taylor decomposition", Pattern Recognition 65, 2017, section 4',
  revision: 1,
  needs: ['propagation'],
  rank: 'magnitude',
  axioms: ['input-shift-invariance'],
  about: {
    family: 'propagation',
    formula: `
      R_i = sum over j of w_ij^2 / (sum over i of the same) R_j at the first linear layer
      R_i = sum over j of z+_ij / z+_j R_j at the others, from R = logit_c at the class
    `,
    map: 'shape of the images, in logits',
    text: `At the first layer the input's own values play no part. The bias has none either, as in the paper (zennit squares
      it).`,
    failures: [
      { text: 'It looks at the units, not at the function.', cite: FOUND_HERE, axiom: 'implementation-invariance' },
      { text: 'Two units that cancel both count.', cite: FOUND_HERE, axiom: 'dummy' },
      { text: 'Maps by the z+ rule hardly depend on the parameters of the later layers.', cite: SIXT_2020 },
    ],
  },
  attribute: ({ network, images, classes }) =>
    relevanceOf({ network, images, classes, composite: (_, { first }) => (first ? W_SQUARE : Z_PLUS) }),
});
