import { crossEntropy, defineMethod, tf } from 'attribench';
import { BY_DEFINITION } from './support/literature.ts';

/** Signed loss gradient: the loss gradient, positive where making the coordinate larger in size makes the class more likely. */
export default defineMethod({
  id: 'signed-loss-gradient',
  title: 'Signed loss gradient',
  cite: 'After Shah, Jain, Netrapalli, "Do Input Gradients Highlight Discriminative Features?", NeurIPS 2021, appendices C.5 and C.6',
  revision: 1,
  needs: ['gradient'],
  rank: 'value',
  axioms: ['symmetry', 'implementation-invariance', 'dummy'],
  about: {
    family: 'gradient',
    formula: 'a = -sign(x) * d CE(f(x), c) / dx',
    map: 'shape of the images, nats per unit of input, ranked by its value',
    text: `Positive where making the coordinate larger in size makes the class more likely; zero where the input is zero.
      The counterpart of the signed input gradient for the loss.`,
    failures: [
      {
        text: 'Where the network saturates, or is sure of the class, the gradient is zero.',
        cite: BY_DEFINITION,
        axiom: 'sensitivity',
      },
      { text: 'The softmax mixes what two networks contribute.', cite: BY_DEFINITION, axiom: 'linearity' },
      {
        text: 'A shift of the input changes its sign, and with it the map.',
        cite: BY_DEFINITION,
        axiom: 'input-shift-invariance',
      },
    ],
  },
  attribute: ({ network, images, classes }) =>
    tf.tidy(() => {
      const gradient = network.inputGradient(images, crossEntropy(classes));
      return tf.neg<tf.Tensor4D>(tf.mul(tf.sign(images), gradient));
    }),
});
