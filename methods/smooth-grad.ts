import { defineMethod } from 'attribench';
import { meanOverNoise } from './support/noise.ts';
import { positiveInteger } from './support/samples.ts';

/**
 * SmoothGrad: mean over `samples` of d logit_c / dx at x + e, e normal; shape of the images, logits per unit of input.
 *
 * The noise's standard deviation is `sigma` times the image's own range (largest less smallest value), as in the paper
 * and in PAIR's saliency; captum and xplique take it as absolute. The noise is not clipped to the valid range.
 */
export default defineMethod({
  id: 'smooth-grad',
  title: 'SmoothGrad',
  cite: 'Smilkov, Thorat, Kim, Viégas, Wattenberg, "SmoothGrad: removing noise by adding noise", arXiv 1706.03825, 2017, section 3',
  revision: 2,
  needs: ['gradient'],
  parameters: { samples: 25, sigma: 0.1 },
  rank: 'magnitude',
  axioms: ['linearity', 'implementation-invariance', 'dummy', 'input-shift-invariance'],
  attribute(request) {
    positiveInteger('smooth-grad', 'samples', request.parameters.samples);
    return meanOverNoise(request, request.parameters);
  },
});
