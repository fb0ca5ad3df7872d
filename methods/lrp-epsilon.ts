import { defineMethod } from 'attribench';
import { epsilonRule, relevanceOf } from './rules/relevance.ts';
import { ANCONA_2018, KINDERMANS_2019, MEASURED_HERE } from './support/literature.ts';

/** LRP with the epsilon rule at every linear layer. */
export default defineMethod({
  id: 'lrp-epsilon',
  title: 'LRP epsilon',
  cite: 'Bach, Binder, Montavon, Klauschen, Müller, Samek, "On Pixel-Wise Explanations", PLoS ONE 10(7), 2015, equation 58',
  revision: 1,
  needs: ['propagation'],
  parameters: { epsilon: 1e-6 },
  rank: 'magnitude',
  axioms: ['conservation-without-bias'],
  about: {
    family: 'propagation',
    formula: 'R_i = sum over j of x_i w_ij / (z_j + epsilon sign z_j) R_j, from R = logit_c at the class',
    map: 'shape of the images, in logits',
    text: 'z_j is the output, bias included. Biases, and the shifts of batch normalisations, absorb relevance.',
    parameters: { epsilon: 'keeps quotients finite; larger values absorb more' },
    failures: [
      {
        text: `On networks of ReLUs, maxima and averages it tends to input x gradient as epsilon goes to 0, with biases too, and
          shares its failures.`,
        cite: `${ANCONA_2018}, section 3`,
        axiom: 'sensitivity',
      },
      {
        text: 'A shift of the input that the first bias undoes changes the map.',
        cite: `${KINDERMANS_2019}, for the zero reference point`,
        axiom: 'input-shift-invariance',
      },
      {
        text: `It marks whatever is white: on networks of PGD Linf training, whose gradients turn to the digit, it still
          fails the criterion.`,
        cite: MEASURED_HERE,
      },
    ],
  },
  attribute: ({ network, images, classes, parameters: { epsilon } }) =>
    relevanceOf({ network, images, classes, composite: () => epsilonRule(epsilon) }),
});
