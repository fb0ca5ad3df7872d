/**
 * The projected-gradient-descent adversary (Madry et al., ICLR 2018) as Shah, Jain, Netrapalli
 * (NeurIPS 2021) use it: no random start, step eps/4, 8 steps, cross-entropy of the true label.
 *
 * Only the gradient with respect to the images is computed, never the weights'.
 */
import * as tf from '@tensorflow/tfjs';
import type { Bounds } from '../contracts.ts';

export type Norm = 'l2' | 'linf';

export interface Adversary {
  readonly norm: Norm;
  /** Radius of the ball around each image, in units of the input. */
  readonly eps: number;
  readonly steps: number;
}

/** The length of a step as a share of eps. */
const STEP = 1 / 4;

/** The smallest normal float32: stands in for a gradient of zero, which moves nothing. */
const SMALLEST = 2 ** -126;

/**
 * Adversarial images [n, height, width, channels] within the eps-ball of each image and within the bounds.
 *
 * `lossGradient` returns the gradient of the loss to be raised with respect to a batch. Each image's
 * path depends on its own gradient alone. L2: the gradient is normalised image by image, the
 * perturbation projected on the ball. Linf: the gradient's sign, clipped. Then x + delta is clamped
 * to the bounds, which only shortens delta.
 */
export function attack(
  images: tf.Tensor4D,
  lossGradient: (images: tf.Tensor4D) => tf.Tensor4D,
  adversary: Adversary,
  bounds: Bounds,
): tf.Tensor4D {
  const move = adversary.norm === 'l2' ? moveL2 : moveLinf;
  let adversarial = tf.clone(images);
  for (let step = 0; step < adversary.steps; step++) {
    const from = adversarial;
    adversarial = tf.tidy(() => {
      const moved = move(images, from, lossGradient(from), adversary.eps);
      return tf.clipByValue(moved, bounds.low, bounds.high) as tf.Tensor4D;
    });
    from.dispose();
  }
  return adversarial;
}

function moveLinf(images: tf.Tensor4D, from: tf.Tensor4D, gradient: tf.Tensor4D, eps: number): tf.Tensor {
  const delta = tf.add(tf.sub(from, images), tf.mul(tf.sign(gradient), STEP * eps));
  return tf.add(images, tf.clipByValue(delta, -eps, eps));
}

function moveL2(images: tf.Tensor4D, from: tf.Tensor4D, gradient: tf.Tensor4D, eps: number): tf.Tensor {
  const axes = [1, 2, 3];
  // Scaled by its largest entry first: gradients of a sure network are so small that squares underflow.
  const largest = tf.maximum(tf.max(tf.abs(gradient), axes, true), SMALLEST);
  const scaled = tf.div(gradient, largest);
  const delta = tf.add(tf.sub(from, images), tf.mul(scaled, tf.div(STEP * eps, tf.maximum(norm(scaled), 1))));
  return tf.add(images, tf.mul(delta, tf.div(eps, tf.maximum(norm(delta), eps))));
}

/** L2 norm image by image, [n, 1, 1, 1]. */
function norm(batch: tf.Tensor): tf.Tensor {
  return tf.sqrt(tf.sum(tf.square(batch), [1, 2, 3], true));
}
