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

/**
 * Lets a backend's stock kernel compute the same result otherwise: `adapt` names other inputs and attributes for those that
 * it would get wrong, undefined for all others. Tensors made by it are freed.
 */
export function adaptKernel<Inputs extends object, Attributes extends object>(
  backend: string,
  kernel: string,
  adapt: (inputs: Inputs, attributes: Attributes) => { inputs: Inputs; attributes: Attributes } | undefined,
): void {
  const stock = tf.getKernel(kernel, backend);
  tf.unregisterKernel(kernel, backend);
  tf.registerKernel({
    ...stock,
    kernelFunc: (call) => {
      const engine = tf.engine();
      engine.startScope();
      try {
        // As above.
        const adapted = adapt(call.inputs as Inputs, call.attrs as Attributes);
        if (adapted === undefined) return stock.kernelFunc(call);
        const { inputs, attributes } = adapted;
        return stock.kernelFunc({
          ...call,
          inputs: inputs as tf.NamedTensorInfoMap,
          attrs: attributes as tf.NamedAttrMap,
        });
      } finally {
        engine.endScope();
      }
    },
  });
}
