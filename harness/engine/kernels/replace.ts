/** Putting our own kernel in the place of a backend's stock one. */
import * as tf from '../../tfjs.js';

/**
 * Registers `compute` as a backend's kernel. Tensors made inside are freed, except the result.
 * `Inputs` and `Attributes` are the names and types that TensorFlow.js documents for the kernel.
 */
export function replaceKernel<Inputs extends object, Attributes extends object>(
  backend: string,
  kernel: string,
  compute: (inputs: Inputs, attributes: Attributes) => tf.Tensor,
): void {
  if (tf.getKernel(kernel, backend) !== undefined) tf.unregisterKernel(kernel, backend);
  tf.registerKernel({
    kernelName: kernel,
    backendName: backend,
    // The registry erases types; these are the kernel's documented ones.
    kernelFunc: ({ inputs, attrs }) => tf.tidy(() => compute(inputs as Inputs, attrs as Attributes)),
  });
}
