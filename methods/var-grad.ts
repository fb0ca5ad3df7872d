import { defineMethod } from 'attribench';
import { BY_DEFINITION, SEO_2018 } from './support/literature.ts';
import { NOISE, NOISE_ABOUT, varianceOverNoise } from './support/noise.ts';
import { positiveInteger } from './support/samples.ts';

/** VarGrad: the variance of the input gradient over noisy copies of the image. */
export default defineMethod({
  id: 'var-grad',
  title: 'VarGrad',
  cite: 'Adebayo, Gilmer, Goodfellow, Kim, "Local Explanation Methods for Deep Neural Networks Lack Sensitivity to Parameter Values", ICLR workshop 2018; measured in Hooker, Erhan, Kindermans, Kim, NeurIPS 2019, section 4',
  revision: 3,
  needs: ['gradient'],
  parameters: NOISE,
  rank: 'magnitude',
  axioms: ['implementation-invariance', 'dummy', 'input-shift-invariance'],
  about: {
    family: 'gradient',
    formula: 'a = variance over samples of d logit_c / dx at x + e, e normal',
    map: 'shape of the images, squared logits per squared unit of input, never negative',
    text: `Noise as in smooth-grad; the sum of squares is divided by the number of samples. Both moments are taken about the
      gradient at the first copy, since the difference of raw moments would drown a small variance in rounding.`,
    parameters: NOISE_ABOUT,
    failures: [
      {
        text: `Zero where the network is linear within the noise, however steep it is: in the limit the map does not depend
          on the gradient, but on higher derivatives alone.`,
        cite: SEO_2018,
        axiom: 'sensitivity',
      },
      { text: 'The square of a sum is not the sum of the squares.', cite: BY_DEFINITION, axiom: 'linearity' },
      { text: 'Equal coordinates get unequal noise.', cite: BY_DEFINITION, axiom: 'symmetry' },
    ],
  },
  attribute(request) {
    positiveInteger('var-grad', 'samples', request.parameters.samples);
    return varianceOverNoise(request, request.parameters);
  },
});
