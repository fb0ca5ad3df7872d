import { crossEntropy, defineMethod, tf } from 'attribench';

/**
 * Signed loss gradient: -sign(x) * d CE(f(x), c) / dx with the explained class c as the label, ranked by its value; shape
 * of the images, nats per unit of input.
 *
 * Positive where making the coordinate larger in size makes the class more likely; zero where the input is zero. The
 * counterpart of the signed input gradient of Shah et al., appendix C.6, for the loss of their appendix C.5.
 */
export default defineMethod({
  id: 'signed-loss-gradient',
  title: 'Signed loss gradient',
  cite: 'After Shah, Jain, Netrapalli, "Do Input Gradients Highlight Discriminative Features?", NeurIPS 2021, appendices C.5 and C.6',
  revision: 1,
  needs: ['gradient'],
  rank: 'value',
  axioms: ['symmetry', 'implementation-invariance', 'dummy'],
  attribute: ({ network, images, classes }) =>
    tf.tidy(() => {
      const gradient = network.inputGradient(images, crossEntropy(classes));
      return tf.neg<tf.Tensor4D>(tf.mul(tf.sign(images), gradient));
    }),
});
