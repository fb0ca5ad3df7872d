/**
 * Reshape for native TensorFlow: to the shape that a tensor has already, no operation at all.
 *
 * Gradients of sums and of additions reshape to be sure; a step of a small network ran eight operations for that.
 */
import * as tf from '@tensorflow/tfjs';

interface ReshapeKernel {
  readonly inputs: { readonly x: tf.TensorInfo };
  readonly attrs: { readonly shape: readonly number[] };
  readonly backend: { incRef(dataId: object): void };
}

/** The same values in another shape; the same memory where the shape is no other. */
export function registerReshape(): void {
  const stock = tf.getKernel(tf.Reshape, 'tensorflow');
  tf.unregisterKernel(tf.Reshape, 'tensorflow');
  tf.registerKernel({
    ...stock,
    // The registry erases types; these are the kernel's documented ones.
    kernelFunc: (request) => {
      const { inputs, attrs, backend } = request as unknown as ReshapeKernel;
      const { dataId, shape, dtype } = inputs.x;
      if (!tf.util.arraysEqual(shape, attrs.shape as number[])) return stock.kernelFunc(request);
      backend.incRef(dataId);
      return { dataId, shape, dtype };
    },
  });
}
