import { defineMethod } from 'attribench';
import { gammaRule, relevanceOf } from './rules/relevance.ts';
import { FOUND_HERE } from './support/literature.ts';

/** LRP with the gamma rule at every linear layer. */
export default defineMethod({
  id: 'lrp-gamma',
  title: 'LRP gamma',
  cite: 'Montavon, Binder, Lapuschkin, Samek, Müller, "Layer-Wise Relevance Propagation: An Overview", in Explainable AI, LNCS 11700, 2019, section 10.2.1; for negative inputs and outputs Andéol, Kawakami, Wada, Kanamori, Müller, Montavon, "Learning Domain Invariant Representations by Joint Wasserstein Distance Minimization", 2021',
  revision: 1,
  needs: ['propagation'],
  parameters: { gamma: 0.25 },
  rank: 'magnitude',
  axioms: ['conservation-without-bias'],
  about: {
    family: 'propagation',
    formula:
      'R_i = sum over j of x_i (w_ij + gamma w+_ij) / (sum over i and bias of the same) R_j where z_j > 0, from R = logit_c at the class',
    map: 'shape of the images, in logits',
    text: `Contributions that agree with the sign of z_j count 1 + gamma times whatever the signs of x_i and z_j, and so do
      biases, as in zennit; captum adds gamma w+ whatever the signs and leaves biases alone. gamma = 0 is the epsilon
      rule, gamma to infinity the z+ rule where z_j > 0.`,
    parameters: { gamma: 'how much more counts what agrees with the output' },
    failures: [
      { text: 'It looks at the units, not at the function.', cite: FOUND_HERE, axiom: 'implementation-invariance' },
      { text: 'Two units that cancel both count.', cite: FOUND_HERE, axiom: 'dummy' },
      {
        text: 'A shift of the input that the first bias undoes changes the map.',
        cite: FOUND_HERE,
        axiom: 'input-shift-invariance',
      },
    ],
  },
  attribute: ({ network, images, classes, parameters: { gamma } }) =>
    relevanceOf({ network, images, classes, composite: () => gammaRule(gamma) }),
});
