import { classLogit, defineMethod, tf } from 'attribench';

/**
 * Input x gradient: x * d logit_c / dx, coordinate by coordinate; shape of the images, in logits.
 *
 * Sums to logit_c on a ReLU network without biases (Euler's theorem on homogeneous functions). Zero wherever the input
 * is zero, and changed by a shift of the input that the first bias undoes (Kindermans et al., "The (Un)reliability of
 * Saliency Methods", 2019, section 3).
 */
export default defineMethod({
  id: 'input-x-gradient',
  title: 'Input x gradient',
  cite: 'Shrikumar, Greenside, Shcherbina, Kundaje, "Not Just a Black Box", arXiv 1605.01713, 2016',
  revision: 1,
  needs: ['gradient'],
  rank: 'magnitude',
  axioms: ['linearity', 'symmetry', 'implementation-invariance', 'dummy', 'conservation-without-bias'],
  attribute: ({ network, images, classes }) =>
    tf.tidy(() => tf.mul<tf.Tensor4D>(images, network.inputGradient(images, classLogit(classes)))),
});
