import { classLogit, defineMethod, tf, UsageError } from 'attribench';
import { explainByMasks } from './support/perturbations.ts';
import { positiveInteger } from './support/samples.ts';
import { paintAllBut, segmenter, spread } from './support/segments.ts';

/** A copy with one segment (-1: none) taken from one reference image. */
interface Exchange {
  readonly segment: number;
  readonly other: number;
}

/**
 * Feature permutation: a_k = f(x) - mean over r of f(x with segment k of r), f the logit of class c, r over `samples`
 * training images; [n, height, width, 1], each pixel with its segment's value, in logits.
 *
 * The r of a segment are the first of a random order of the reference images, from the image's own stream. Breiman
 * permutes a feature over the test set and averages over it, captum over the batch, so that a map depends on its
 * batch; here one image is explained, and what it is mixed with are training images.
 */
export default defineMethod({
  id: 'feature-permutation',
  title: 'Feature permutation',
  cite: 'Breiman, "Random Forests", Machine Learning 45, 2001, section 10; Fisher, Rudin, Dominici, "All Models are Wrong, but Many are Useful", JMLR 2019, section 3',
  revision: 1,
  needs: ['logits'],
  requires: { reference: 32 },
  parameters: { segments: 'grid', segmentSize: 4, samples: 8 },
  rank: 'magnitude',
  axioms: ['linearity', 'implementation-invariance'],
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
    return explainByMasks<Exchange>(request, {
      replacement: (exchanges) => {
        const others = exchanges.map(({ other }) => other);
        return tf.gather(reference, tf.tensor1d(others, 'int32'));
      },
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
          paint: ({ segment }, mask) => paintAllBut(segments, segment, mask),
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
