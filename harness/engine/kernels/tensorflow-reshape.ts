/**
 * Reshape for native TensorFlow: to the shape that a tensor has already, no operation at all.
 *
 * Gradients of sums and of additions reshape to be sure: in a training step of an MLP, mostly for nothing.
 */
import * as tf from '../../tfjs.js';

/** tfjs-node's own: an engine may be loaded again, and is not to wrap what it wrapped before. */
let stock: tf.KernelConfig | undefined;

/** The same values in another shape; the same memory where the shape is no other. */
export function registerReshape(): void {
  if (stock !== undefined) return;
  const own = tf.getKernel(tf.Reshape, 'tensorflow');
  stock = own;
  tf.unregisterKernel(tf.Reshape, 'tensorflow');
  tf.registerKernel({
    ...own,
    // The registry erases types; these are the kernel's documented ones.
    kernelFunc: (request) => {
      const { dataId, shape, dtype } = request.inputs.x as tf.TensorInfo;
      if (!tf.util.arraysEqual(shape, request.attrs?.shape as number[])) return own.kernelFunc(request);
      (request.backend as tf.KernelBackend).incRef(dataId);
      return { dataId, shape, dtype };
    },
  });
}
