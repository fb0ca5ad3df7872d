import { defineMethod } from 'attribench';
import { boxRule, relevanceOf, Z_PLUS } from './rules/relevance.ts';
import { BY_DEFINITION, FOUND_HERE, SIXT_2020 } from './support/literature.ts';

/** Deep Taylor decomposition for bounded inputs: LRP with the z+ rule, and the z-box rule at the first linear layer. */
export default defineMethod({
  id: 'lrp-z-box',
  title: 'LRP z-box',
  cite: 'Montavon, Lapuschkin, Binder, Samek, Müller, "Explaining nonlinear classification decisions with deep Taylor decomposition", Pattern Recognition 65, 2017, section 4',
  revision: 1,
  needs: ['propagation'],
  rank: 'magnitude',
  about: {
    family: 'propagation',
    formula: `
      R_i = sum over j of (x_i w_ij - low w+_ij - high w-_ij) / (sum over i of the same) R_j at the first linear layer
      R_i = sum over j of z+_ij / z+_j R_j at the others, from R = logit_c at the class
    `,
    map: 'shape of the images, in logits',
    text: `low and high are the bounds of the input. Never negative where logit_c > 0: every numerator is at least 0 within
      the bounds. The bias has no part in the box rule.`,
    failures: [
      { text: 'It looks at the units, not at the function.', cite: FOUND_HERE, axiom: 'implementation-invariance' },
      { text: 'Two units that cancel both count.', cite: FOUND_HERE, axiom: 'dummy' },
      { text: 'The bounds do not shift with the input.', cite: BY_DEFINITION, axiom: 'input-shift-invariance' },
      { text: 'Maps by the z+ rule hardly depend on the parameters of the later layers.', cite: SIXT_2020 },
    ],
  },
  attribute: ({ network, images, classes, bounds }) =>
    relevanceOf({ network, images, classes, composite: (_, { first }) => (first ? boxRule(bounds) : Z_PLUS) }),
});
