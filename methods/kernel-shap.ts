import { classLogit, defineMethod } from 'attribench';
import { drawnCoalitions, everyCoalition, type WeightedCoalition } from './support/coalitions.ts';
import { BY_DEFINITION, SLACK_2020 } from './support/literature.ts';
import { NormalEquations } from './support/regression.ts';
import { positiveInteger } from './support/samples.ts';
import { explainBySegments } from './support/segment-perturbations.ts';
import { SEGMENTS, segmenter, share } from './support/segments.ts';
import { FAIR_SHARES, SEGMENTS_SHARE, shapleyParameters, ZERO_BASELINE } from './support/shapley.ts';

/** KernelSHAP: Shapley values of segments by a weighted linear regression over coalitions. */
export default defineMethod({
  id: 'kernel-shap',
  title: 'KernelSHAP',
  cite: 'Lundberg, Lee, "A Unified Approach to Interpreting Model Predictions", NeurIPS 2017, section 4.1, theorem 2',
  revision: 1,
  needs: ['logits'],
  parameters: { ...SEGMENTS, samples: 1000, baseline: 0 },
  rank: 'magnitude',
  axioms: ['completeness', 'sensitivity', 'linearity', 'implementation-invariance', 'conservation-without-bias'],
  about: {
    family: 'black-box',
    formula: `
      phi = argmin of sum over coalitions z of pi(z) (v(z) - v(0) - phi z)^2 with sum(phi) = v(1) - v(0)
      pi(z) = (K - 1) / (binom(K, |z|) |z| (K - |z|))
    `,
    map: '[n, height, width, 1], in logits',
    text: `v(z) is f with the segments of z_k = 0 set to the baseline, K the number of segments. Where all 2^K - 2 coalitions
      are no more than the samples, all are taken and phi are the Shapley values. Else coalitions are drawn in proportion
      to pi, each followed by its complement (Covert, Lee, "Improving KernelSHAP", AISTATS 2021: paired sampling), and one
      that is drawn again is scored once; with fewer than K of them the smallest solution is taken. The constraint is met
      exactly, and a segment's value is shared equally by its coordinates: maps are complete.`,
    parameters: shapleyParameters('coalitions'),
    failures: [
      {
        text: 'Equal pixels of unequal segments get unequal values; where coalitions are drawn, so do equal segments.',
        cite: BY_DEFINITION,
        axiom: 'symmetry',
      },
      SEGMENTS_SHARE,
      ZERO_BASELINE,
      {
        text: 'A classifier can tell perturbed images from real ones and answer the former as it likes.',
        cite: SLACK_2020,
      },
      FAIR_SHARES,
    ],
  },
  async attribute(request) {
    const { parameters, images } = request;
    const samples = positiveInteger('kernel-shap', 'samples', parameters.samples);
    const segmentation = await segmenter('kernel-shap', request, parameters);
    return explainBySegments<WeightedCoalition>(request, {
      replacement: parameters.baseline,
      score: classLogit,
      explain: (image, stream) => {
        const segments = segmentation(image);
        const { count } = segments;
        const { size, coalition } =
          count <= 30 && 2 ** count - 2 <= samples ? everyCoalition(count) : drawnCoalitions(count, samples, stream);
        const equations = new NormalEquations(count);
        const fixed: number[] = [];
        return {
          // Nothing, everything, then the coalitions between.
          copies: 2 + size,
          draw: (copy) => (copy < 2 ? { coalition: new Uint8Array(count).fill(copy), weight: 0 } : coalition(copy - 2)),
          segments,
          kept: (design) => design.coalition,
          take: (score, design) => {
            if (design.weight === 0) fixed.push(score);
            else equations.add(design.coalition, score - (fixed[0] as number), design.weight);
          },
          map: () => {
            const [nothing, everything] = fixed as [number, number];
            return share(segments, equations.withSum(everything - nothing), images.shape[3]);
          },
        };
      },
    });
  },
});
