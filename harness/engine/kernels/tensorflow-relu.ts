/**
 * The gradient of ReLU for native TensorFlow in one operation, its own.
 *
 * TensorFlow.js composes it of the derivative (of two operations, with ours) and a product: four passes over the values
 * for one. On a small residual network that was a tenth of an input gradient.
 */
import * as tf from '../../tfjs.js';
import { replaceKernel } from './replace.ts';

const KERNEL = 'ReluGrad';

/** One operation of native TensorFlow, whose numbers are of the first input's type T. */
type RunOperation = (operation: string, inputs: readonly tf.Tensor[]) => tf.Tensor;

/** dy where x > 0, else 0; on other backends of the process as TensorFlow.js has it. Differentiable in dy again. */
export function registerReluGradient(run: RunOperation): void {
  replaceKernel<{ dy: tf.Tensor; x: tf.Tensor }, object>('tensorflow', KERNEL, ({ dy, x }) => run(KERNEL, [dy, x]));
  const composed = tf.getGradient(tf.Relu);
  if (composed === undefined || tf.getGradient(KERNEL) !== undefined) return;
  tf.registerGradient({
    kernelName: KERNEL,
    inputsToSave: ['x'],
    gradFunc: (dy, [x]) => ({
      dy: () => reluGradient(dy as tf.Tensor, x as tf.Tensor),
      x: () => tf.zerosLike(x as tf.Tensor),
    }),
  });
  tf.unregisterGradient(tf.Relu);
  tf.registerGradient({
    ...composed,
    gradFunc: (dy, saved, attributes) =>
      tf.getBackend() === 'tensorflow'
        ? { x: () => reluGradient(dy as tf.Tensor, saved[0] as tf.Tensor) }
        : composed.gradFunc(dy, saved, attributes),
  });
}

function reluGradient(dy: tf.Tensor, x: tf.Tensor): tf.Tensor {
  return tf.engine().runKernel(KERNEL, { dy, x });
}
