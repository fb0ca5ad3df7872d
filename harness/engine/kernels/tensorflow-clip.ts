/**
 * Clipping for native TensorFlow in one operation, its own; tfjs-node composes it of two passes over the values.
 *
 * NaN stays NaN. Of the two zeros, -0 stays too, where the composition may make 0 of it.
 */
import * as tf from '../../tfjs.js';
import { replaceKernel } from './replace.ts';

const KERNEL = 'ClipByValue';

/** One operation of native TensorFlow, whose numbers are of the first input's type T. */
type RunOperation = (operation: string, inputs: readonly tf.Tensor[]) => tf.Tensor;

export function registerClip(run: RunOperation): void {
  replaceKernel<{ x: tf.Tensor }, { clipValueMin: number; clipValueMax: number }>(
    'tensorflow',
    KERNEL,
    ({ x }, { clipValueMin, clipValueMax }) =>
      run(KERNEL, [x, tf.scalar(clipValueMin, x.dtype), tf.scalar(clipValueMax, x.dtype)]),
  );
}
