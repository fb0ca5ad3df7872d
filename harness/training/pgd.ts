/**
 * The projected-gradient-descent adversary (Madry et al., ICLR 2018) as Shah, Jain, Netrapalli
 * (NeurIPS 2021) use it: no random start, step eps/4, 8 steps, cross-entropy of the true label.
 *
 * Only the gradient with respect to the images is computed, never the weights'.
 */
import type { Bounds, Objective } from '../contracts.ts';
import { crossEntropy } from '../network/objectives.ts';
import * as tf from '../tfjs.js';

export type Norm = 'l2' | 'linf';

export interface Adversary {
  readonly norm: Norm;
  /** Radius of the ball around each image, in units of the input. */
  readonly eps: number;
  readonly steps: number;
}

/** The length of a step as a share of eps. */
const STEP = 1 / 4;

/**
 * The loss is scaled by this power of two, which changes no direction and rounds nothing: the gradients
 * of a sure network are so small that their squares would otherwise underflow.
 */
const LOSS_SCALE = 2 ** 40;

/** Stands in for the norm of a gradient that is zero, which moves nothing. */
const SMALLEST = 2 ** -120;

/**
 * Adversarial images [n, height, width, channels] within the eps-ball of each image and within the bounds.
 *
 * `gradientOf` returns the gradient of an objective with respect to a batch: a network's `inputGradient`,
 * or the same in training mode. L2: the gradient is normalised image by image and the perturbation
 * projected on the ball. Linf: the gradient's sign, clipped. Then x + delta is clamped to the bounds,
 * which only shortens delta. Labels [n] int32; the caller disposes the result.
 */
export function attack(
  images: tf.Tensor4D,
  labels: tf.Tensor1D,
  gradientOf: (images: tf.Tensor4D, objective: Objective) => tf.Tensor4D,
  { norm, eps, steps }: Adversary,
  { low, high }: Bounds,
): tf.Tensor4D {
  const loss = crossEntropy(labels);
  const scaled: Objective = (logits) => tf.mul(loss(logits), LOSS_SCALE);
  const move = norm === 'l2' ? moveL2 : moveLinf;
  let adversarial = tf.clone(images);
  for (let step = 0; step < steps; step++) {
    const from = adversarial;
    adversarial = tf.tidy(() => {
      const delta = move(tf.sub(from, images), gradientOf(from, scaled), eps);
      return tf.clipByValue(tf.add(images, delta), low, high) as tf.Tensor4D;
    });
    from.dispose();
  }
  return adversarial;
}

function moveLinf(delta: tf.Tensor, gradient: tf.Tensor, eps: number): tf.Tensor {
  return tf.clipByValue(tf.add(delta, tf.mul(tf.sign(gradient), STEP * eps)), -eps, eps);
}

function moveL2(delta: tf.Tensor, gradient: tf.Tensor, eps: number): tf.Tensor {
  const step = tf.mul(gradient, tf.div(STEP * eps, tf.maximum(norms(gradient), SMALLEST)));
  const moved = tf.add(delta, step);
  return tf.mul(moved, tf.div(eps, tf.maximum(norms(moved), eps)));
}

/** L2 norm image by image, [n, 1, 1, 1]. */
function norms(batch: tf.Tensor): tf.Tensor {
  return tf.sqrt(tf.sum(tf.square(batch), [1, 2, 3], true));
}
