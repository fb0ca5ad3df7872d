/**
 * Gaussian blur of images, as two matrix products: any engine has those, and a kernel as wide as the image is common.
 */
import { tf } from 'attribench';

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
