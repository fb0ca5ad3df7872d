import { defineMethod } from 'attribench';
import { boxRule, epsilonRule, gammaRule, relevanceOf } from './rules/relevance.ts';
import { BY_DEFINITION, FOUND_HERE } from './support/literature.ts';

/** LRP by a composite: epsilon at dense layers, gamma at convolutions, z-box at the first linear layer. */
export default defineMethod({
  id: 'lrp-epsilon-gamma-box',
  title: 'LRP epsilon-gamma-box',
  cite: 'Montavon, Binder, Lapuschkin, Samek, Müller, "Layer-Wise Relevance Propagation: An Overview", in Explainable AI, LNCS 11700, 2019, section 10.3',
  revision: 1,
  needs: ['propagation'],
  parameters: { epsilon: 1e-6, gamma: 0.25 },
  rank: 'magnitude',
  about: {
    family: 'propagation',
    formula:
      'the z-box rule at the first linear layer, the gamma rule at convolutions, the epsilon rule at dense layers, from R = logit_c at the class',
    map: 'shape of the images, in logits',
    text: 'A first dense layer has the box rule too; zennit boxes only a first convolution.',
    parameters: {
      epsilon: 'of the epsilon rule: keeps quotients finite',
      gamma: 'of the gamma rule: how much more counts what agrees with the output',
    },
    failures: [
      { text: 'It looks at the units, not at the function.', cite: FOUND_HERE, axiom: 'implementation-invariance' },
      { text: 'The bounds do not shift with the input.', cite: BY_DEFINITION, axiom: 'input-shift-invariance' },
    ],
  },
  attribute: ({ network, images, classes, bounds, parameters: { epsilon, gamma } }) =>
    relevanceOf({
      network,
      images,
      classes,
      composite: ({ type }, { first }) =>
        first ? boxRule(bounds) : type === 'Dense' ? epsilonRule(epsilon) : gammaRule(gamma),
    }),
});
