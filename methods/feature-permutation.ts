import { classLogit, defineMethod, UsageError } from 'attribench';
import { BY_DEFINITION } from './support/literature.ts';
import { positiveInteger } from './support/samples.ts';
import { explainBySegments } from './support/segment-perturbations.ts';
import { SEGMENTS, SEGMENTS_ABOUT, segmenter, spread } from './support/segments.ts';

/** A copy with one segment (-1: none) taken from one reference image. */
interface Exchange {
  readonly segment: number;
  readonly other: number;
}

/** Feature permutation: the mean fall of the logit when a segment is taken from training images. */
export default defineMethod({
  id: 'feature-permutation',
  title: 'Feature permutation',
  cite: 'Breiman, "Random Forests", Machine Learning 45, 2001, section 10; Fisher, Rudin, Dominici, "All Models are Wrong, but Many are Useful", JMLR 2019, section 3',
  revision: 1,
  needs: ['logits'],
  requires: { reference: 32 },
  parameters: { ...SEGMENTS, samples: 8 },
  rank: 'magnitude',
  axioms: ['linearity', 'implementation-invariance'],
  about: {
    family: 'black-box',
    formula: 'a_k = f(x) - mean over r of f(x with segment k of r)',
    map: "[n, height, width, 1], each pixel with its segment's value, in logits",
    text: `The training images r of a segment are the first of a random order of the reference images, from the image's own
      stream. Breiman permutes a feature over the test set and averages over it, captum over the batch, so that a map
      depends on its batch; here one image is explained, and what it is mixed with are training images.`,
    parameters: { ...SEGMENTS_ABOUT, samples: 'training images that each segment is taken from' },
    failures: [
      {
        text: 'Where features depend on each other, mixed images are like none, and the network extrapolates.',
        cite: 'Hooker, Mentch, Zhou, "Unrestricted permutation forces extrapolation", Statistics and Computing 31, 2021',
      },
      {
        text: "A pixel has its segment's value, also where it does nothing itself.",
        cite: BY_DEFINITION,
        axiom: 'dummy',
      },
      { text: 'One segment at a time misses what segments do together.', cite: BY_DEFINITION, axiom: 'completeness' },
    ],
  },
  async attribute(request) {
    const { parameters, reference } = request;
    const samples = positiveInteger('feature-permutation', 'samples', parameters.samples);
    const [known] = reference.shape;
    if (samples > known) {
      throw new UsageError(
        `[attribench] method "feature-permutation": samples is ${samples}, expected at most ${known}, the number of reference images`,
      );
    }
    const segmentation = await segmenter('feature-permutation', request, parameters);
    return explainBySegments<Exchange>(request, {
      replacement: { images: reference, of: ({ other }) => other },
      score: classLogit,
      explain: (image, stream) => {
        const segments = segmentation(image);
        const falls = new Float64Array(segments.count);
        let intact = 0;
        let order: Uint32Array = new Uint32Array();
        return {
          // The image itself, then `samples` copies a segment.
          copies: 1 + segments.count * samples,
          draw: (copy) => {
            if (copy === 0) return { segment: -1, other: 0 };
            const sample = (copy - 1) % samples;
            if (sample === 0) order = stream.permutation(known);
            return { segment: Math.floor((copy - 1) / samples), other: order[sample] as number };
          },
          segments,
          replaced: ({ segment }) => segment,
          take: (score, { segment }) => {
            if (segment < 0) intact = score;
            else falls[segment] = (falls[segment] as number) + (intact - score) / samples;
          },
          map: () => spread(segments, falls),
        };
      },
    });
  },
});
