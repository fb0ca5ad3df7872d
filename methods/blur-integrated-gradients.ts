import { classLogit, defineMethod, tf } from 'attribench';
import { positiveInteger, sumOverSamples, weightedSum } from './support/samples.ts';

/** Gaussian blur of a line of `size` pixels as a symmetric matrix; black beyond the ends, cut at 4 sigma. */
function blurMatrix(size: number, sigma: number): tf.Tensor2D {
  const radius = Math.round(4 * sigma);
  const weight = (distance: number) => (sigma === 0 ? 1 : Math.exp(-(distance ** 2) / (2 * sigma ** 2)));
  let total = 0;
  for (let distance = -radius; distance <= radius; distance++) total += weight(distance);
  const entry = (distance: number) => (distance > radius ? 0 : weight(distance) / total);
  const values = Float32Array.from({ length: size * size }, (_, k) =>
    entry(Math.abs((k % size) - Math.floor(k / size))),
  );
  return tf.tensor2d(values, [size, size]);
}

/** [n, height, width, channels] blurred along both sides of the image. */
export function blur(images: tf.Tensor4D, sigma: number): tf.Tensor4D {
  const [n, height, width, channels] = images.shape;
  const alongRows = images.transpose([0, 1, 3, 2]).reshape<tf.Tensor2D>([-1, width]);
  const once = tf.matMul(alongRows, blurMatrix(width, sigma)).reshape([n, height, channels, width]);
  const alongColumns = once.transpose([0, 3, 2, 1]).reshape<tf.Tensor2D>([-1, height]);
  const twice = tf.matMul(alongColumns, blurMatrix(height, sigma)).reshape([n, width, channels, height]);
  return twice.transpose([0, 3, 1, 2]);
}

/**
 * Blur integrated gradients: the integral of d logit_c / dL . dL along the path L(s), the image blurred by a Gaussian of
 * s pixels, from `maxSigma` to 0; shape of the images, in logits.
 *
 * The path is cut at `steps` equally spaced s, its pieces taken as straight and the gradient in their middle (the
 * authors' code takes it at the start). Maps sum to logit_c(x) - logit_c(x blurred by maxSigma) but for that error.
 */
export default defineMethod({
  id: 'blur-integrated-gradients',
  title: 'Blur integrated gradients',
  cite: 'Xu, Venugopalan, Sundararajan, "Attribution in Scale and Space", CVPR 2020, section 3; steps and maxSigma as in PAIR saliency',
  revision: 1,
  needs: ['gradient'],
  parameters: { steps: 100, maxSigma: 50 },
  rank: 'magnitude',
  axioms: ['linearity', 'implementation-invariance', 'dummy'],
  attribute(request) {
    const { network, images, classes, parameters } = request;
    const steps = positiveInteger('blur-integrated-gradients', 'steps', parameters.steps);
    return sumOverSamples(request, steps, (first, count) => {
      const levels = Array.from({ length: count + 1 }, (_, k) =>
        blur(images, (parameters.maxSigma * (first + k)) / steps),
      );
      const [sharper, softer] = [tf.concat(levels.slice(0, -1)), tf.concat(levels.slice(1))];
      const middle = tf.mul<tf.Tensor4D>(tf.add(sharper, softer), 0.5);
      const gradients = network.inputGradient(middle, classLogit(tf.tile(classes, [count])));
      return weightedSum(tf.mul(tf.sub(sharper, softer), gradients), new Float32Array(count).fill(1));
    });
  },
});
