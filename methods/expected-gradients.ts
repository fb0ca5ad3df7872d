import { classLogit, defineMethod, tf } from 'attribench';
import { BY_DEFINITION } from './support/literature.ts';
import { positiveInteger, sumOverSamples, weightedSum } from './support/samples.ts';

/** Expected gradients: integrated gradients over training images as baselines, sampled. */
export default defineMethod({
  id: 'expected-gradients',
  title: 'Expected gradients',
  cite: 'Erion, Janizek, Sturmfels, Lundberg, Lee, "Improving performance of deep learning models with axiomatic attribution priors and expected gradients", Nature Machine Intelligence 3, 2021, definition of expected gradients',
  revision: 1,
  needs: ['gradient'],
  requires: { reference: 100 },
  parameters: { samples: 50 },
  rank: 'magnitude',
  axioms: ['linearity', 'implementation-invariance', 'dummy'],
  about: {
    family: 'gradient',
    formula: 'a = mean over samples of (x - r) * d logit_c / dx at r + t (x - r)',
    map: 'shape of the images, in logits',
    text: `r is a random training image, t uniform on [0, 1]. captum calls it GradientSHAP (which may add noise to x: not
      here). In expectation maps sum to logit_c(x) less its mean over the training images.`,
    parameters: { samples: 'random pairs of r and t' },
    failures: [
      {
        text: 'Complete in expectation only: the sum of a map is as random as its samples.',
        cite: BY_DEFINITION,
        axiom: 'completeness',
      },
      {
        text: 'The random images treat equal coordinates differently.',
        cite: BY_DEFINITION,
        axiom: 'symmetry',
      },
    ],
  },
  attribute(request) {
    const { network, images, classes, streams, reference, parameters } = request;
    const samples = positiveInteger('expected-gradients', 'samples', parameters.samples);
    const n = images.shape[0];
    const draws = Array.from({ length: samples }, () =>
      streams.map((stream) => ({ from: stream.integer(reference.shape[0]), share: stream.uniform() })),
    );
    // The stem is affine: its outputs at both ends of a path give those between. Each drawn image passes it once.
    const drawn = [...new Set(draws.flat().map(({ from }) => from))];
    const place = new Map(drawn.map((from, at) => [from, at]));
    const ends = tf.tidy(() => {
      const chosen = tf.gather(reference, tf.tensor1d(drawn, 'int32'));
      return { chosen, starts: network.stem(chosen), stops: network.stem(images) };
    });
    return sumOverSamples(request, samples, (first, count) => {
      const block = draws.slice(first, first + count).flat();
      const from = tf.tensor1d(
        block.map((draw) => place.get(draw.from) ?? Number.NaN),
        'int32',
      );
      const way = (stops: tf.Tensor, starts: tf.Tensor) =>
        tf.sub(tf.tile(stops, [count, ...stops.shape.slice(1).map(() => 1)]), starts);
      const starts = tf.gather(ends.starts, from);
      const shares = tf.tensor(
        block.map(({ share }) => share),
        [count * n, ...starts.shape.slice(1).map(() => 1)],
      );
      const points = tf.add(starts, tf.mul(way(ends.stops, starts), shares));
      const gradients = network.stemTransposed(network.stemGradient(points, classLogit(tf.tile(classes, [count]))));
      const moved = tf.mul<tf.Tensor4D>(way(images, tf.gather(ends.chosen, from)), gradients);
      return weightedSum(moved, new Float32Array(count).fill(1 / samples));
    }).finally(() => tf.dispose(ends));
  },
});
