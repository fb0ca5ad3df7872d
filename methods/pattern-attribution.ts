import { defineMethod, tf } from 'attribench';
import { patternAttribution } from './rules/pattern.ts';
import { FOUND_HERE, SIXT_2020 } from './support/literature.ts';

/** PatternAttribution: the gradient with each weight times the pattern that its unit answers to. */
export default defineMethod({
  id: 'pattern-attribution',
  title: 'PatternAttribution',
  cite: 'Kindermans, Schütt, Alber, Müller, Erhan, Kim, Dähne, "Learning how to explain neural networks: PatternNet and PatternAttribution", ICLR 2018, section 4',
  revision: 1,
  needs: ['propagation'],
  requires: { reference: 256 },
  rank: 'magnitude',
  about: {
    family: 'propagation',
    formula: 'a = logit_c sent back by the chain rule with weights w_ij a_ij in place of w_ij',
    map: 'shape of the images, in logits',
    text: `The pattern a_j is the direction in which unit j's inputs move with its output on training images: what moves
      inputs but not the output (a distractor) gets nothing, although the weights must look at it to cancel it. The
      patterns are estimated anew for each batch, from the reference images alone.`,
    failures: [
      { text: 'It looks at the units, not at the function.', cite: FOUND_HERE, axiom: 'implementation-invariance' },
      { text: 'Its maps hardly depend on the parameters of the later layers.', cite: SIXT_2020 },
    ],
  },
  attribute: ({ network, images, classes, reference }) =>
    tf.tidy(() => patternAttribution(network, images, reference, classes)),
});
