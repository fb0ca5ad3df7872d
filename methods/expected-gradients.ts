import { classLogit, defineMethod, tf } from 'attribench';
import { positiveInteger, sumOverSamples, weightedSum } from './support/samples.ts';

/**
 * Expected gradients: mean over `samples` of (x - r) * d logit_c / dx at r + a (x - r), with r a random training image
 * and a uniform on [0, 1]; shape of the images, in logits.
 *
 * Integrated gradients over the training images as baselines, sampled; captum calls it GradientSHAP (which may add
 * noise to x: not here). Complete in expectation only: maps sum to logit_c(x) less its mean over training images.
 */
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
