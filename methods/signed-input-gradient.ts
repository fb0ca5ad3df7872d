import { classLogit, defineMethod, tf } from 'attribench';

/**
 * Signed input gradient: sign(x) * d logit_c / dx, ranked by its value; shape of the images, logits per unit of input.
 *
 * Positive where making the coordinate larger in size raises the logit; zero where the input is zero.
 */
export default defineMethod({
  id: 'signed-input-gradient',
  title: 'Signed input gradient',
  cite: 'Shah, Jain, Netrapalli, "Do Input Gradients Highlight Discriminative Features?", NeurIPS 2021, appendix C.6',
  revision: 1,
  needs: ['gradient'],
  rank: 'value',
  axioms: ['linearity', 'symmetry', 'implementation-invariance', 'dummy'],
  attribute: ({ network, images, classes }) =>
    tf.tidy(() => tf.mul<tf.Tensor4D>(tf.sign(images), network.inputGradient(images, classLogit(classes)))),
});
