import { classLogit, defineMethod, tf } from 'attribench';
import { ADEBAYO_2018, ANCONA_2018, KINDERMANS_2019, MEASURED_HERE, SHRIKUMAR_2017 } from './support/literature.ts';

/** Input x gradient: the input gradient times the image, coordinate by coordinate. */
export default defineMethod({
  id: 'input-x-gradient',
  title: 'Input x gradient',
  cite: 'Shrikumar, Greenside, Shcherbina, Kundaje, "Not Just a Black Box", arXiv 1605.01713, 2016',
  revision: 1,
  needs: ['gradient'],
  rank: 'magnitude',
  axioms: ['linearity', 'symmetry', 'implementation-invariance', 'dummy', 'conservation-without-bias'],
  about: {
    family: 'gradient',
    formula: 'a = x * d logit_c / dx',
    map: 'shape of the images, in logits',
    text: `Sums to the logit on a ReLU network without biases (Euler's theorem on homogeneous functions). Zero wherever
      the input is zero.`,
    failures: [
      {
        text: 'Where the network saturates the gradient is zero, although the input made the difference.',
        cite: `${SHRIKUMAR_2017}, figure 1`,
        axiom: 'sensitivity',
      },
      { text: 'The sum misses what the biases add.', cite: ANCONA_2018, axiom: 'completeness' },
      {
        text: 'A shift of the input that the first bias undoes changes the map.',
        cite: `${KINDERMANS_2019}, section 3`,
        axiom: 'input-shift-invariance',
      },
      {
        text: `The input rules the map: on MNIST its ranking hardly changes when the weights are drawn anew.`,
        cite: ADEBAYO_2018,
      },
      {
        text: `It marks whatever is white: on networks of PGD Linf training, whose gradients turn to the digit, it still
          fails the criterion.`,
        cite: MEASURED_HERE,
      },
    ],
  },
  attribute: ({ network, images, classes }) =>
    tf.tidy(() => tf.mul<tf.Tensor4D>(images, network.inputGradient(images, classLogit(classes)))),
});
