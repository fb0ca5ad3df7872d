import { defineMethod } from 'attribench';
import { atRectifiers, deconvolutionRule } from './rules/gradient.ts';
import { unitSeed } from './rules/seeds.ts';
import { NIE_2018 } from './support/literature.ts';
import { FORGETS_LATER_LAYERS, LOOKS_AT_UNITS, signalIsLost } from './support/rectified-signal.ts';

const RULES = atRectifiers(deconvolutionRule);

/** Deconvolution: the gradient with every ReLU passing only what is positive on the way back. */
export default defineMethod({
  id: 'deconvolution',
  title: 'Deconvolution',
  cite: 'Zeiler, Fergus, "Visualizing and Understanding Convolutional Networks", ECCV 2014, section 2.1',
  revision: 1,
  needs: ['propagation'],
  rank: 'magnitude',
  axioms: ['input-shift-invariance'],
  about: {
    family: 'propagation',
    formula: 'a = d logit_c / dx, every ReLU passing max(g, 0) instead of g 1[x > 0]',
    map: 'shape of the images, logits per unit of input',
    text: 'Where a max-pooling window holds equal values the first of them takes the signal.',
    failures: [
      signalIsLost('Where the signal back is negative nothing passes, although the input made the difference.'),
      ...LOOKS_AT_UNITS,
      {
        text: `Without max-pooling the map does not depend on the image at all, but for its class: the ReLUs forget which
          units were active.`,
        cite: NIE_2018,
      },
      FORGETS_LATER_LAYERS,
    ],
  },
  attribute: ({ network, images, classes }) => network.propagate(images, unitSeed(classes), RULES),
});
