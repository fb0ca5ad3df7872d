import { defineMethod, tf } from 'attribench';
import { meanOverNoise } from './support/noise.ts';
import { positiveInteger } from './support/samples.ts';

/**
 * SmoothGrad squared: mean over `samples` of (d logit_c / dx at x + e)^2; shape of the images, squared logits per
 * squared unit of input, never negative.
 *
 * Noise as in smooth-grad. Squaring before the mean keeps gradients whose sign flips under noise.
 */
export default defineMethod({
  id: 'smooth-grad-squared',
  title: 'SmoothGrad squared',
  cite: 'Hooker, Erhan, Kindermans, Kim, "A Benchmark for Interpretability Methods in Deep Neural Networks", NeurIPS 2019, section 4',
  revision: 2,
  needs: ['gradient'],
  parameters: { samples: 25, sigma: 0.1 },
  rank: 'magnitude',
  axioms: ['implementation-invariance', 'dummy', 'input-shift-invariance'],
  attribute(request) {
    positiveInteger('smooth-grad-squared', 'samples', request.parameters.samples);
    return meanOverNoise(request, request.parameters, (gradients) => tf.square(gradients));
  },
});
