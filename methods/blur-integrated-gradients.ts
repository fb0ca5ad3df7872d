import { classLogit, defineMethod, tf } from 'attribench';
import { blur } from './support/blur.ts';
import { BY_DEFINITION } from './support/literature.ts';
import { positiveInteger, sumOverSamples, weightedSum } from './support/samples.ts';

/** Blur integrated gradients: a path integral of the gradient from the blurred image to the image. */
export default defineMethod({
  id: 'blur-integrated-gradients',
  title: 'Blur integrated gradients',
  cite: 'Xu, Venugopalan, Sundararajan, "Attribution in Scale and Space", CVPR 2020, section 3; steps and maxSigma as in PAIR saliency',
  revision: 1,
  needs: ['gradient'],
  parameters: { steps: 100, maxSigma: 50 },
  rank: 'magnitude',
  axioms: ['linearity', 'implementation-invariance', 'dummy'],
  about: {
    family: 'gradient',
    formula:
      'a = integral of d logit_c / dL . dL along L(s), the image blurred by a Gaussian of s pixels, s from maxSigma to 0',
    map: 'shape of the images, in logits',
    text: `The path is cut at equally spaced s, its pieces taken as straight and the gradient in their middle (the authors'
      code takes it at the start). Maps sum to logit_c(x) - logit_c(x blurred by maxSigma) but for that error.`,
    parameters: { steps: 'pieces of the path', maxSigma: 'of the Gaussian where the path begins, in pixels' },
    failures: [
      {
        text: 'Blurring takes what lies outside the image as black, which a shift of the input does not move.',
        cite: BY_DEFINITION,
        axiom: 'input-shift-invariance',
      },
      {
        text: 'Equal coordinates with unequal neighbours are blurred differently.',
        cite: BY_DEFINITION,
        axiom: 'symmetry',
      },
    ],
  },
  attribute(request) {
    const { network, images, classes, parameters } = request;
    const steps = positiveInteger('blur-integrated-gradients', 'steps', parameters.steps);
    return sumOverSamples(request, steps, (first, count) => {
      const levels = Array.from({ length: count + 1 }, (_, k) =>
        blur(images, (parameters.maxSigma * (first + k)) / steps),
      );
      const [sharper, softer] = [tf.concat(levels.slice(0, -1)), tf.concat(levels.slice(1))];
      const middle = tf.mul<tf.Tensor4D>(tf.add(sharper, softer), 0.5);
      const gradients = network.inputGradient(middle, classLogit(tf.tile(classes, [count])));
      return weightedSum(tf.mul(tf.sub(sharper, softer), gradients), new Float32Array(count).fill(1));
    });
  },
});
