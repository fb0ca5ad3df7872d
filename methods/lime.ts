import { defineMethod } from 'attribench';
import { explainByMasks } from './support/perturbations.ts';
import { NormalEquations } from './support/regression.ts';
import { positiveInteger } from './support/samples.ts';
import { scoreNamed } from './support/scores.ts';
import { paintSegments, segmenter, spread } from './support/segments.ts';

/**
 * LIME: the slopes b of the weighted ridge regression argmin sum over z of pi(z) (f(z) - a - b z)^2 + `ridge` |b|^2;
 * [n, height, width, 1], each pixel with its segment's slope, in units of the score.
 *
 * z in {0, 1}^K: the image itself, then `samples` - 1 draws of fair coins, one a segment; f(z) is the score of class c
 * with the segments of z_k = 0 set to `baseline`. pi(z) = exp(-D^2 / `width`^2), D the cosine distance of z from all
 * ones, 1 - sqrt(|z| / K) (equation 2 and section 3.4; the authors' code takes the root of this pi). The intercept a
 * carries no penalty. `score` is 'probability' as in the paper, or 'logit'.
 */
export default defineMethod({
  id: 'lime',
  title: 'LIME',
  cite: 'Ribeiro, Singh, Guestrin, ""Why Should I Trust You?": Explaining the Predictions of Any Classifier", KDD 2016, sections 3.3 and 3.4; settings of the authors\' lime_image',
  revision: 1,
  needs: ['logits'],
  parameters: {
    segments: 'grid',
    segmentSize: 4,
    samples: 1000,
    width: 0.25,
    ridge: 1,
    baseline: 0,
    score: 'probability',
  },
  rank: 'magnitude',
  axioms: ['implementation-invariance'],
  async attribute(request) {
    const { parameters } = request;
    const samples = positiveInteger('lime', 'samples', parameters.samples);
    const score = scoreNamed('lime', parameters.score);
    const segmentation = await segmenter('lime', request, parameters);
    return explainByMasks<Uint8Array>(request, {
      replacement: parameters.baseline,
      score,
      explain: (image, stream) => {
        const segments = segmentation(image);
        const { count } = segments;
        const equations = new NormalEquations(count);
        return {
          copies: samples,
          draw: (copy) => Uint8Array.from({ length: count }, () => (copy === 0 ? 1 : stream.integer(2))),
          paint: (coalition, mask) => paintSegments(segments, coalition, mask),
          take: (value, coalition) => {
            const members = coalition.reduce((sum, present) => sum + present, 0);
            const distance = 1 - Math.sqrt(members / count);
            equations.add(coalition, value, Math.exp(-((distance / parameters.width) ** 2)));
          },
          map: () => spread(segments, equations.ridge(parameters.ridge)),
        };
      },
    });
  },
});
