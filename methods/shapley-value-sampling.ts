import { classLogit, defineMethod } from 'attribench';
import { BY_DEFINITION } from './support/literature.ts';
import { positiveInteger } from './support/samples.ts';
import { explainBySegments } from './support/segment-perturbations.ts';
import { SEGMENTS, segmenter, share } from './support/segments.ts';
import { FAIR_SHARES, SEGMENTS_SHARE, shapleyParameters, ZERO_BASELINE } from './support/shapley.ts';

/** A coalition, and the segment that came last. */
interface Joined {
  readonly coalition: Uint8Array;
  readonly last: number;
}

/** Shapley value sampling: the mean rise of the logit when a segment comes in, over random orders of coming. */
export default defineMethod({
  id: 'shapley-value-sampling',
  title: 'Shapley value sampling',
  cite: 'Castro, Gómez, Tejada, "Polynomial calculation of the Shapley value based on sampling", Computers and Operations Research 36, 2009, section 3; Štrumbelj, Kononenko, JMLR 2010, algorithm 1',
  revision: 1,
  needs: ['logits'],
  parameters: { ...SEGMENTS, samples: 10, baseline: 0 },
  rank: 'magnitude',
  axioms: ['completeness', 'sensitivity', 'linearity', 'implementation-invariance', 'conservation-without-bias'],
  about: {
    family: 'black-box',
    formula: 'phi_k = mean over random orders of v(those before k and k) - v(those before k)',
    map: '[n, height, width, 1], in logits',
    text: `v(S) is f with the segments outside S set to the baseline; an order costs one copy of the image a segment. The
      estimate is unbiased, and every order by itself sums to f(x) - f(b). A segment's value is shared equally by its
      coordinates, so that maps keep that sum; captum repeats it on each.`,
    parameters: shapleyParameters('random orders'),
    failures: [
      {
        text: 'Equal pixels of unequal segments get unequal values, and by random orders so do equal segments.',
        cite: BY_DEFINITION,
        axiom: 'symmetry',
      },
      SEGMENTS_SHARE,
      ZERO_BASELINE,
      FAIR_SHARES,
    ],
  },
  async attribute(request) {
    const { parameters, images } = request;
    const orders = positiveInteger('shapley-value-sampling', 'samples', parameters.samples);
    const segmentation = await segmenter('shapley-value-sampling', request, parameters);
    return explainBySegments<Joined>(request, {
      replacement: parameters.baseline,
      score: classLogit,
      explain: (image, stream) => {
        const segments = segmentation(image);
        const { count } = segments;
        const values = new Float64Array(count);
        let order: Uint32Array = new Uint32Array();
        let coalition = new Uint8Array(count);
        let [empty, before] = [0, 0];
        return {
          // Nothing, then each order segment by segment; its last coalition is the whole image.
          copies: 1 + orders * count,
          draw: (copy) => {
            if (copy === 0) return { coalition, last: -1 };
            const place = (copy - 1) % count;
            if (place === 0) order = stream.permutation(count);
            const last = order[place] as number;
            coalition = place === 0 ? new Uint8Array(count) : coalition.slice();
            coalition[last] = 1;
            return { coalition, last };
          },
          segments,
          kept: (joined) => joined.coalition,
          take: (score, joined) => {
            if (joined.last < 0) empty = before = score;
            else values[joined.last] = (values[joined.last] as number) + (score - before) / orders;
            // The next order starts from nothing again.
            before = joined.coalition.includes(0) ? score : empty;
          },
          map: () => share(segments, values, images.shape[3]),
        };
      },
    });
  },
});
