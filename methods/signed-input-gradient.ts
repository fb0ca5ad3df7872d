import { classLogit, defineMethod, tf } from 'attribench';
import { BY_DEFINITION, SUNDARARAJAN_2017 } from './support/literature.ts';

/** Signed input gradient: the input gradient, positive where making the coordinate larger in size raises the logit. */
export default defineMethod({
  id: 'signed-input-gradient',
  title: 'Signed input gradient',
  cite: 'Shah, Jain, Netrapalli, "Do Input Gradients Highlight Discriminative Features?", NeurIPS 2021, appendix C.6',
  revision: 1,
  needs: ['gradient'],
  rank: 'value',
  axioms: ['linearity', 'symmetry', 'implementation-invariance', 'dummy'],
  about: {
    family: 'gradient',
    formula: 'a = sign(x) * d logit_c / dx',
    map: 'shape of the images, logits per unit of input, ranked by its value',
    text: `Positive where making the coordinate larger in size raises the logit; zero where the input is zero.`,
    failures: [
      {
        text: "Its size is the gradient's, which is zero where the network saturates.",
        cite: `${SUNDARARAJAN_2017}, section 2.1`,
        axiom: 'sensitivity',
      },
      {
        text: 'A shift of the input changes its sign, and with it the map.',
        cite: BY_DEFINITION,
        axiom: 'input-shift-invariance',
      },
    ],
  },
  attribute: ({ network, images, classes }) =>
    tf.tidy(() => tf.mul<tf.Tensor4D>(tf.sign(images), network.inputGradient(images, classLogit(classes)))),
});
