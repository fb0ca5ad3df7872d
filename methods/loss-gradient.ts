import { crossEntropy, defineMethod } from 'attribench';
import { BY_DEFINITION } from './support/literature.ts';

/** Loss gradient: how the cross-entropy with the explained class as the label moves with each coordinate. */
export default defineMethod({
  id: 'loss-gradient',
  title: 'Loss gradient',
  cite: 'Shah, Jain, Netrapalli, "Do Input Gradients Highlight Discriminative Features?", NeurIPS 2021, appendix C.5',
  revision: 1,
  needs: ['gradient'],
  rank: 'magnitude',
  axioms: ['symmetry', 'implementation-invariance', 'dummy', 'input-shift-invariance'],
  about: {
    family: 'gradient',
    formula: `
      a = d CE(f(x), c) / dx
        = sum over classes j of (softmax_j - [j = c]) d logit_j / dx
    `,
    map: 'shape of the images, nats per unit of input',
    text: "Unlike the input gradient it weighs every class's logit by its probability.",
    failures: [
      {
        text: 'Where the network saturates, or is sure of the class, the gradient is zero.',
        cite: BY_DEFINITION,
        axiom: 'sensitivity',
      },
      { text: 'The softmax mixes what two networks contribute.', cite: BY_DEFINITION, axiom: 'linearity' },
    ],
  },
  attribute: ({ network, images, classes }) => network.inputGradient(images, crossEntropy(classes)),
});
