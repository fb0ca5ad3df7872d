import { defineMethod } from 'attribench';
import { ALVAREZ_MELIS_2018, BANSAL_2020, BY_DEFINITION, SLACK_2020 } from './support/literature.ts';
import { NormalEquations } from './support/regression.ts';
import { positiveInteger } from './support/samples.ts';
import { scoreNamed } from './support/scores.ts';
import { explainBySegments } from './support/segment-perturbations.ts';
import { SEGMENTS, SEGMENTS_ABOUT, segmenter, spread } from './support/segments.ts';

/** LIME: the slopes of a weighted ridge regression of the score on which segments are there. */
export default defineMethod({
  id: 'lime',
  title: 'LIME',
  cite: 'Ribeiro, Singh, Guestrin, ""Why Should I Trust You?": Explaining the Predictions of Any Classifier", KDD 2016, sections 3.3 and 3.4; settings of the authors\' lime_image',
  revision: 1,
  needs: ['logits'],
  parameters: {
    ...SEGMENTS,
    samples: 1000,
    width: 0.25,
    ridge: 1,
    baseline: 0,
    score: 'probability',
  },
  rank: 'magnitude',
  axioms: ['implementation-invariance'],
  about: {
    family: 'black-box',
    formula: `
      b = argmin of sum over z of pi(z) (f(z) - a - b z)^2 + ridge |b|^2
      pi(z) = exp(-D^2 / width^2), D = 1 - sqrt(|z| / K)
    `,
    map: "[n, height, width, 1], each pixel with its segment's slope, in units of the score",
    text: `z in {0, 1}^K says which of the K segments are there: first all, then draws of fair coins; f(z) is the score with
      the others set to the baseline. D is the cosine distance of z from all ones (equation 2 and section 3.4; the
      authors' code takes the root of this pi). The intercept a carries no penalty.`,
    parameters: {
      ...SEGMENTS_ABOUT,
      samples: 'draws of z, the image itself among them',
      width: 'of the kernel pi: the smaller, the nearer to the image',
      ridge: 'penalty of the slopes',
      baseline: 'value of every coordinate of an absent segment',
      score: '"probability" of the class, as in the paper, or its "logit"',
    },
    failures: [
      { text: 'Similar images get dissimilar maps.', cite: ALVAREZ_MELIS_2018 },
      { text: 'Other draws and other settings give another map.', cite: BANSAL_2020 },
      {
        text: 'A classifier can tell perturbed images from real ones and answer the former as it likes.',
        cite: SLACK_2020,
      },
      { text: 'The slopes of a fit do not add up to the score.', cite: BY_DEFINITION, axiom: 'completeness' },
      { text: 'What the draws do to other segments leaks into all slopes.', cite: BY_DEFINITION, axiom: 'dummy' },
    ],
  },
  async attribute(request) {
    const { parameters } = request;
    const samples = positiveInteger('lime', 'samples', parameters.samples);
    const score = scoreNamed('lime', parameters.score);
    const segmentation = await segmenter('lime', request, parameters);
    return explainBySegments<Uint8Array>(request, {
      replacement: parameters.baseline,
      score,
      explain: (image, stream) => {
        const segments = segmentation(image);
        const { count } = segments;
        const equations = new NormalEquations(count);
        return {
          copies: samples,
          draw: (copy) => {
            const coalition = new Uint8Array(count).fill(1);
            if (copy > 0) for (let k = 0; k < count; k++) coalition[k] = stream.integer(2);
            return coalition;
          },
          segments,
          kept: (coalition) => coalition,
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
