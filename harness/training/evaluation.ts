/**
 * Accuracy of a network on a split, clean and under attack.
 */
import type { Bounds, GradientNetwork, ImageShape, Images, LogitsNetwork, Split } from '../contracts.ts';
import * as tf from '../tfjs.js';
import { forEachBatch } from './batches.ts';
import { type Adversary, attack } from './pgd.ts';

/** Predicted classes [n], in the order of the split. */
export async function predict(network: LogitsNetwork, split: Split<Images>, shape: ImageShape): Promise<Int32Array> {
  const predictions = new Int32Array(split.labels.length);
  await forEachBatch(split, shape, async ({ images }, from) => {
    predictions.set(await classesOf(network, images), from);
  });
  return predictions;
}

/** Share of the images whose predicted class is their label. */
export async function accuracy(network: LogitsNetwork, split: Split<Images>, shape: ImageShape): Promise<number> {
  return agreement(await predict(network, split, shape), split.labels);
}

/** Share of the images still rightly classified at the end of the attack; evaluation mode, fixed batches. */
export async function robustAccuracy(
  network: GradientNetwork,
  split: Split<Images>,
  shape: ImageShape,
  bounds: Bounds,
  adversary: Adversary,
): Promise<number> {
  const predictions = new Int32Array(split.labels.length);
  await forEachBatch(split, shape, async ({ images, labels }, from) => {
    const adversarial = attack(images, labels, network.inputGradient, adversary, bounds);
    predictions.set(await classesOf(network, adversarial), from);
    adversarial.dispose();
  });
  return agreement(predictions, split.labels);
}

async function classesOf(network: LogitsNetwork, images: tf.Tensor4D): Promise<Int32Array> {
  const classes = tf.tidy(() => tf.argMax(network.logits(images), 1) as tf.Tensor1D);
  const values = await classes.data<'int32'>();
  classes.dispose();
  return values;
}

function agreement(predictions: Int32Array, labels: Int32Array): number {
  let right = 0;
  for (let i = 0; i < labels.length; i++) if (predictions[i] === labels[i]) right++;
  return right / labels.length;
}
