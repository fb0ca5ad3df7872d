import { defineMethod, tf } from 'attribench';
import { BY_DEFINITION } from './support/literature.ts';
import { meanOverNoise, NOISE, NOISE_ABOUT } from './support/noise.ts';
import { positiveInteger } from './support/samples.ts';

/** SmoothGrad squared: the mean squared input gradient over noisy copies of the image. */
export default defineMethod({
  id: 'smooth-grad-squared',
  title: 'SmoothGrad squared',
  cite: 'Hooker, Erhan, Kindermans, Kim, "A Benchmark for Interpretability Methods in Deep Neural Networks", NeurIPS 2019, section 4',
  revision: 2,
  needs: ['gradient'],
  parameters: NOISE,
  rank: 'magnitude',
  axioms: ['implementation-invariance', 'dummy', 'input-shift-invariance'],
  about: {
    family: 'gradient',
    formula: 'a = mean over samples of (d logit_c / dx at x + e)^2, e normal',
    map: 'shape of the images, squared logits per squared unit of input, never negative',
    text: 'Noise as in smooth-grad. Squaring before the mean keeps gradients whose sign flips under noise.',
    parameters: NOISE_ABOUT,
    failures: [
      { text: 'The square of a sum is not the sum of the squares.', cite: BY_DEFINITION, axiom: 'linearity' },
      { text: 'Equal coordinates get unequal noise.', cite: BY_DEFINITION, axiom: 'symmetry' },
      {
        text: 'Where the network saturates farther than the noise reaches, all gradients are zero.',
        cite: BY_DEFINITION,
        axiom: 'sensitivity',
      },
    ],
  },
  attribute(request) {
    positiveInteger('smooth-grad-squared', 'samples', request.parameters.samples);
    return meanOverNoise(request, request.parameters, (gradients) => tf.square(gradients));
  },
});
