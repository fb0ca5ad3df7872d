import { classLogit, defineMethod, type Stream } from 'attribench';
import { explainByMasks } from './support/perturbations.ts';
import { NormalEquations } from './support/regression.ts';
import { positiveInteger } from './support/samples.ts';
import { paintSegments, segmenter, share } from './support/segments.ts';

interface Weighted {
  readonly coalition: Uint8Array;
  readonly weight: number;
}

/**
 * KernelSHAP: phi = argmin of sum over coalitions z of pi(z) (v(z) - v(0) - phi z)^2 with sum(phi) = v(1) - v(0);
 * [n, height, width, 1], in logits.
 *
 * v(z) is the logit of class c with the segments of z_k = 0 set to `baseline`; pi(z) = (K - 1) / (binom(K, |z|) |z|
 * (K - |z|)) for K segments (theorem 2). Where all 2^K - 2 coalitions are no more than `samples`, all are taken and phi
 * are the Shapley values. Else `samples` coalitions are drawn in proportion to pi, each followed by its complement
 * (Covert, Lee, "Improving KernelSHAP", AISTATS 2021, section 4.2); with fewer than K of them the smallest solution is
 * taken. The constraint is met exactly, and a segment's value is shared equally by its coordinates: maps are complete.
 */
export default defineMethod({
  id: 'kernel-shap',
  title: 'KernelSHAP',
  cite: 'Lundberg, Lee, "A Unified Approach to Interpreting Model Predictions", NeurIPS 2017, section 4.1, theorem 2',
  revision: 1,
  needs: ['logits'],
  parameters: { segments: 'grid', segmentSize: 4, samples: 1000, baseline: 0 },
  rank: 'magnitude',
  axioms: ['completeness', 'sensitivity', 'linearity', 'implementation-invariance', 'conservation-without-bias'],
  async attribute(request) {
    const { parameters, images } = request;
    const samples = positiveInteger('kernel-shap', 'samples', parameters.samples);
    const segmentation = await segmenter('kernel-shap', request, parameters);
    return explainByMasks<Weighted>(request, {
      replacement: parameters.baseline,
      score: classLogit,
      explain: (image, stream) => {
        const segments = segmentation(image);
        const { count } = segments;
        const { size, coalition } =
          count <= 30 && 2 ** count - 2 <= samples ? every(count) : drawn(count, samples, stream);
        const equations = new NormalEquations(count);
        const fixed: number[] = [];
        return {
          // Nothing, everything, then the coalitions between.
          copies: 2 + size,
          draw: (copy) => (copy < 2 ? { coalition: new Uint8Array(count).fill(copy), weight: 0 } : coalition(copy - 2)),
          paint: (design, mask) => paintSegments(segments, design.coalition, mask),
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

interface Coalitions {
  readonly size: number;
  /** Coalition 0, 1, ..., asked for in order. */
  coalition(index: number): Weighted;
}

/** Every coalition but none and all, with its weight pi(z). */
function every(count: number): Coalitions {
  const ways = [1];
  for (let k = 1; k <= count; k++) ways.push(((ways[k - 1] as number) * (count - k + 1)) / k);
  return {
    size: 2 ** count - 2,
    coalition: (index) => {
      const coalition = Uint8Array.from({ length: count }, (_, k) => ((index + 1) >> k) & 1);
      const members = coalition.reduce((sum, present) => sum + present, 0);
      return { coalition, weight: (count - 1) / ((ways[members] as number) * members * (count - members)) };
    },
  };
}

/** Random coalitions: their size by inversion of P(size) in proportion to 1 / (size (K - size)), the members uniform. */
function drawn(count: number, size: number, stream: Stream): Coalitions {
  const cumulative: number[] = [];
  let total = 0;
  for (let k = 1; k < count; k++) {
    total += 1 / (k * (count - k));
    cumulative.push(total);
  }
  let previous = new Uint8Array();
  return {
    size,
    coalition: (index) => {
      if (index % 2 === 1) return { coalition: previous.map((present) => 1 - present), weight: 1 };
      const point = stream.uniform() * total;
      const members = 1 + cumulative.findIndex((sum) => point < sum);
      const coalition = new Uint8Array(count);
      for (const k of stream.permutation(count).subarray(0, members)) coalition[k] = 1;
      previous = coalition;
      return { coalition, weight: 1 };
    },
  };
}
