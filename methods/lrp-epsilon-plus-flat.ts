import { defineMethod } from 'attribench';
import { epsilonRule, FLAT, relevanceOf, Z_PLUS } from './rules/relevance.ts';
import { BY_DEFINITION, FOUND_HERE } from './support/literature.ts';

/** LRP by a composite: epsilon at dense layers, z+ at convolutions, flat at the first linear layer. */
export default defineMethod({
  id: 'lrp-epsilon-plus-flat',
  title: 'LRP epsilon-plus-flat',
  cite: 'Kohlbrenner, Bauer, Nakajima, Binder, Samek, Lapuschkin, "Towards Best Practice in Explaining Neural Network Decisions with LRP", IJCNN 2020; flat at the input as in Lapuschkin et al., Nature Communications 10, 2019',
  revision: 1,
  needs: ['propagation'],
  parameters: { epsilon: 1e-6 },
  rank: 'magnitude',
  axioms: ['input-shift-invariance'],
  about: {
    family: 'propagation',
    formula:
      'the flat rule at the first linear layer, the z+ rule at convolutions, the epsilon rule at dense layers, from R = logit_c at the class',
    map: 'shape of the images, in logits',
    text: 'As in zennit a first dense layer is flat too.',
    parameters: { epsilon: 'of the epsilon rule: keeps quotients finite' },
    failures: [
      { text: 'The map of a network that begins with a dense layer is constant.', cite: BY_DEFINITION, axiom: 'dummy' },
      { text: 'It looks at the units, not at the function.', cite: FOUND_HERE, axiom: 'implementation-invariance' },
    ],
  },
  attribute: ({ network, images, classes, parameters: { epsilon } }) =>
    relevanceOf({
      network,
      images,
      classes,
      composite: ({ type }, { first }) => (first ? FLAT : type === 'Dense' ? epsilonRule(epsilon) : Z_PLUS),
    }),
});
