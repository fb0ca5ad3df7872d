import { defineMethod } from 'attribench';
import { BY_DEFINITION, HOOKER_2019, SEO_2018 } from './support/literature.ts';
import { meanGradientOverNoise, NOISE, NOISE_ABOUT } from './support/noise.ts';
import { positiveInteger } from './support/samples.ts';

/** SmoothGrad: the mean input gradient over noisy copies of the image. */
export default defineMethod({
  id: 'smooth-grad',
  title: 'SmoothGrad',
  cite: 'Smilkov, Thorat, Kim, Viégas, Wattenberg, "SmoothGrad: removing noise by adding noise", arXiv 1706.03825, 2017, section 3',
  revision: 2,
  needs: ['gradient'],
  parameters: NOISE,
  rank: 'magnitude',
  axioms: ['linearity', 'implementation-invariance', 'dummy', 'input-shift-invariance'],
  about: {
    family: 'gradient',
    formula: 'a = mean over samples of d logit_c / dx at x + e, e normal',
    map: 'shape of the images, logits per unit of input',
    text: `The noise's standard deviation is sigma times the image's own range (largest less smallest value), as in the
      paper and in PAIR's saliency; captum and xplique take it as absolute. The noise is not clipped to the valid range.`,
    parameters: NOISE_ABOUT,
    failures: [
      { text: 'Equal coordinates get unequal noise.', cite: BY_DEFINITION, axiom: 'symmetry' },
      {
        text: 'Where the network saturates farther than the noise reaches, all gradients are zero.',
        cite: BY_DEFINITION,
        axiom: 'sensitivity',
      },
      { text: 'It does not make the gradient smooth.', cite: SEO_2018 },
      {
        text: 'No better than a single gradient when pixels are removed and the network is retrained.',
        cite: HOOKER_2019,
      },
    ],
  },
  attribute(request) {
    positiveInteger('smooth-grad', 'samples', request.parameters.samples);
    return meanGradientOverNoise(request, request.parameters);
  },
});
