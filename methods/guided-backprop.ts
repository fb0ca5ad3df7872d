import { defineMethod } from 'attribench';
import { atRectifiers, guidedRule } from './rules/gradient.ts';
import { unitSeed } from './rules/seeds.ts';
import { ADEBAYO_2018, NIE_2018 } from './support/literature.ts';
import { FORGETS_LATER_LAYERS, LOOKS_AT_UNITS, signalIsLost } from './support/rectified-signal.ts';

const RULES = atRectifiers(guidedRule);

/** Guided backpropagation: the gradient with every ReLU passing only what is positive, forward and backward. */
export default defineMethod({
  id: 'guided-backprop',
  title: 'Guided backprop',
  cite: 'Springenberg, Dosovitskiy, Brox, Riedmiller, "Striving for Simplicity: The All Convolutional Net", ICLR workshop 2015',
  revision: 1,
  needs: ['propagation'],
  rank: 'magnitude',
  axioms: ['input-shift-invariance'],
  about: {
    family: 'propagation',
    formula: 'a = d logit_c / dx, every ReLU passing max(g, 0) 1[x > 0] instead of g 1[x > 0]',
    map: 'shape of the images, logits per unit of input',
    failures: [
      signalIsLost('Where a ReLU is closed nothing passes, although the input closed it.'),
      ...LOOKS_AT_UNITS,
      {
        text: 'Its maps hardly change when the weights of the upper layers, or the labels, are drawn anew.',
        cite: ADEBAYO_2018,
      },
      { text: 'It recovers the image in part, which has nothing to do with the decision.', cite: NIE_2018 },
      FORGETS_LATER_LAYERS,
    ],
  },
  attribute: ({ network, images, classes }) => network.propagate(images, unitSeed(classes), RULES),
});
