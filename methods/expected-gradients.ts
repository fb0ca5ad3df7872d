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
    return sumOverSamples(request, samples, (_, count) => {
      const draws = Array.from({ length: count }, () =>
        streams.map((stream) => ({ from: stream.integer(reference.shape[0]), share: stream.uniform() })),
      ).flat();
      const from = tf.gather(
        reference,
        tf.tensor1d(
          draws.map((draw) => draw.from),
          'int32',
        ),
      );
      const shares = tf.tensor4d(
        draws.map((draw) => draw.share),
        [count * n, 1, 1, 1],
      );
      const way = tf.sub<tf.Tensor4D>(tf.tile(images, [count, 1, 1, 1]), from);
      const points = tf.add<tf.Tensor4D>(from, tf.mul(way, shares));
      const gradients = network.inputGradient(points, classLogit(tf.tile(classes, [count])));
      return weightedSum(tf.mul(way, gradients), new Float32Array(count).fill(1 / samples));
    });
  },
});
