import { classLogit, defineMethod } from 'attribench';
import { BY_DEFINITION } from './support/literature.ts';
import { positiveInteger } from './support/samples.ts';
import { explainBySegments } from './support/segment-perturbations.ts';
import { SEGMENTS, segmenter, share } from './support/segments.ts';
import { FAIR_SHARES, SEGMENTS_SHARE, shapleyParameters, ZERO_BASELINE } from './support/shapley.ts';

/** A coalition on the way from nothing to everything. */
interface Joined {
  readonly coalition: Uint8Array;
  /** The segment that came last; none in the two ends, which all orders share. */
  readonly last?: number;
  /** The only segment that is still to come. */
  readonly missing?: number | undefined;
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
    text: `v(S) is f with the segments outside S set to the baseline; an order costs one copy of the image a segment but
      one, and all together two more. The estimate is unbiased, and every order by itself sums to f(x) - f(b). A segment's
      value is shared equally by its coordinates, so that maps keep that sum; captum repeats it on each.`,
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
        let [empty, whole, before] = [0, 0, 0];
        const rise = (segment: number, by: number) => {
          values[segment] = (values[segment] as number) + by / orders;
        };
        return {
          // Nothing, everything, then what each order passes between them, segment by segment.
          copies: 2 + orders * (count - 1),
          draw: (copy) => {
            if (copy < 2) return { coalition: new Uint8Array(count).fill(copy) };
            const place = (copy - 2) % (count - 1);
            if (place === 0) order = stream.permutation(count);
            coalition = place === 0 ? new Uint8Array(count) : coalition.slice();
            const last = order[place] as number;
            coalition[last] = 1;
            return { coalition, last, missing: place === count - 2 ? order[count - 1] : undefined };
          },
          segments,
          kept: (joined) => joined.coalition,
          take: (score, { coalition: members, last, missing }) => {
            if (last === undefined) {
              if (members.includes(0)) empty = before = score;
              else whole = score;
              return;
            }
            rise(last, score - before);
            before = score;
            if (missing === undefined) return;
            rise(missing, whole - score);
            before = empty;
          },
          map: () => {
            // No order passes anything between nothing and a single segment.
            if (count === 1) values[0] = whole - empty;
            return share(segments, values, images.shape[3]);
          },
        };
      },
    });
  },
});
