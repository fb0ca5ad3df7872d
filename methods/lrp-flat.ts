import { defineMethod } from 'attribench';
import { FLAT, relevanceOf, Z_PLUS } from './rules/relevance.ts';
import { BY_DEFINITION, FOUND_HERE, SIXT_2020 } from './support/literature.ts';

/** LRP with the z+ rule, and the flat rule at the first linear layer. */
export default defineMethod({
  id: 'lrp-flat',
  title: 'LRP flat',
  cite: 'Lapuschkin, Wäldchen, Binder, Montavon, Samek, Müller, "Unmasking Clever Hans predictors and assessing what machines really learn", Nature Communications 10, 2019, supplementary note',
  revision: 1,
  needs: ['propagation'],
  rank: 'magnitude',
  axioms: ['input-shift-invariance'],
  about: {
    family: 'propagation',
    formula: `
      R_i = sum over j of R_j / n_j at the first linear layer, n_j the size of the receptive field
      R_i = sum over j of z+_ij / z+_j R_j at the others, from R = logit_c at the class
    `,
    map: 'shape of the images, in logits',
    text: 'A padding layer takes the share of its pixels away; padding inside a convolution does not.',
    failures: [
      {
        text: `A dense first layer reads every pixel, so that the map is constant: only networks that begin with a convolution
          have one that says where.`,
        cite: BY_DEFINITION,
        axiom: 'dummy',
      },
      { text: 'It looks at the units, not at the function.', cite: FOUND_HERE, axiom: 'implementation-invariance' },
      { text: 'Maps by the z+ rule hardly depend on the parameters of the later layers.', cite: SIXT_2020 },
    ],
  },
  attribute: ({ network, images, classes }) =>
    relevanceOf({ network, images, classes, composite: (_, { first }) => (first ? FLAT : Z_PLUS) }),
});
