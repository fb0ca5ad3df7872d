/**
 * Batch normalisation by the batch's own statistics, as one operation forward and one backward, where an engine has them.
 *
 * Composed of sums and products it takes some fifteen passes over the batch, as long as the convolution before it where
 * channels are few: 22 ms beside 5 ms on 3.2 million values.
 */
import * as tf from '../../tfjs.js';

const FORWARD = 'BatchNormalisationByBatch';
const BACKWARD = 'BatchNormalisationByBatchGradient';

export interface NormalisedBatch {
  readonly output: tf.Tensor4D;
  /** [channels] */
  readonly mean: tf.Tensor;
  /** Unbiased, [channels]; of one value, 0. */
  readonly variance: tf.Tensor;
  /** What the gradient needs beside x and gamma. */
  readonly reserved: readonly tf.Tensor[];
}

/** Whether the current engine has the operations. */
export function hasFusedBatchNormalisation(): boolean {
  return tf.getKernel(FORWARD, tf.getBackend()) !== undefined;
}

/** x [n, height, width, channels] normalised over all axes but the last. Not differentiable by itself. */
export function fusedBatchNormalisation(
  x: tf.Tensor4D,
  gamma: tf.Tensor,
  beta: tf.Tensor,
  epsilon: number,
): NormalisedBatch {
  const [output, mean, variance, ...reserved] = run(FORWARD, { x, gamma, beta }, { epsilon });
  return { output: output as tf.Tensor4D, mean: mean as tf.Tensor, variance: variance as tf.Tensor, reserved };
}

/** Gradients with respect to x, gamma and beta. */
export function fusedBatchNormalisationGradient(
  dy: tf.Tensor4D,
  x: tf.Tensor4D,
  gamma: tf.Tensor,
  reserved: readonly tf.Tensor[],
  epsilon: number,
): readonly [tf.Tensor4D, tf.Tensor, tf.Tensor] {
  const named = Object.fromEntries(reserved.map((tensor, i) => [`reserved${i}`, tensor]));
  const [dx, dGamma, dBeta, ...unused] = run(BACKWARD, { dy, x, gamma, ...named }, { epsilon });
  tf.dispose(unused);
  return [dx as tf.Tensor4D, dGamma as tf.Tensor, dBeta as tf.Tensor];
}

function run(kernel: string, inputs: tf.NamedTensorMap, attributes: { readonly epsilon: number }): tf.Tensor[] {
  return tf.engine().runKernel(kernel, inputs, attributes);
}

/** What is used here of tfjs-node's backend. */
interface NativeBackend {
  readonly binding: { readonly [constant: string]: number };
  executeMultipleOutputs(
    operation: string,
    attributes: readonly { readonly name: string; readonly type: unknown; readonly value: unknown }[],
    inputs: readonly unknown[],
    outputs: number,
  ): tf.TensorInfo[];
}

/** Registers FusedBatchNormV3 and its gradient for native TensorFlow. */
export function registerFusedBatchNormalisation(): void {
  if (tf.getKernel(FORWARD, 'tensorflow') !== undefined) return;
  const attributes = ({ binding }: NativeBackend, epsilon: unknown) => [
    { name: 'T', type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT },
    { name: 'U', type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT },
    { name: 'epsilon', type: binding.TF_ATTR_FLOAT, value: epsilon },
    { name: 'data_format', type: binding.TF_ATTR_STRING, value: 'NHWC' },
    { name: 'is_training', type: binding.TF_ATTR_BOOL, value: true },
  ];
  tf.registerKernel({
    kernelName: FORWARD,
    backendName: 'tensorflow',
    kernelFunc: ({ inputs: { x, gamma, beta }, attrs, backend }) => {
      const native = backend as NativeBackend;
      // Without former statistics the operation returns the batch's own.
      const none = tf.tensor1d([]);
      const given = [x, gamma, beta, none, none];
      const outputs = native.executeMultipleOutputs('FusedBatchNormV3', attributes(native, attrs?.epsilon), given, 6);
      none.dispose();
      return outputs;
    },
  });
  tf.registerKernel({
    kernelName: BACKWARD,
    backendName: 'tensorflow',
    kernelFunc: ({ inputs, attrs, backend }) => {
      const native = backend as NativeBackend;
      const { dy, x, gamma, reserved0, reserved1, reserved2 } = inputs;
      const given = [dy, x, gamma, reserved0, reserved1, reserved2];
      return native.executeMultipleOutputs('FusedBatchNormGradV3', attributes(native, attrs?.epsilon), given, 5);
    },
  });
}
