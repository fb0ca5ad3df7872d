/**
 * Layers that are linear in their input, opened up so that rules can change kernel and input.
 *
 * A batch normalisation in evaluation mode is one of them: a diagonal kernel and a bias.
 */
import { type GraphNode, NotApplicable, type Parameters, tf } from 'attribench';

/** y = forward(x, kernel) + bias: bilinear in x and kernel; the bias [channels] is added along the last axis. */
export interface Linear {
  readonly kernel: tf.Tensor;
  readonly bias: tf.Tensor | undefined;
  forward(input: tf.Tensor, kernel: tf.Tensor): tf.Tensor;
  /** The transpose of x -> forward(x, kernel), for inputs of the given shape. */
  transpose(output: tf.Tensor, kernel: tf.Tensor, shape: readonly number[]): tf.Tensor;
}

const OPENED: { readonly [type: string]: (node: GraphNode) => Linear } = {
  Dense: dense,
  Conv2D: convolution,
  DepthwiseConv2D: depthwise,
  BatchNormalization: diagonal,
};

export const isLinear = ({ type }: GraphNode): boolean => type in OPENED;

/** The linear map of a node for which isLinear holds; its tensors belong to the caller's tidy. */
export function linearOf(node: GraphNode): Linear {
  const open = OPENED[node.type];
  if (open === undefined)
    throw new NotApplicable(`[attribench] node "${node.name}" of type ${node.type} is not linear`);
  return open(node);
}

/** A batch normalisation as scale and shift [channels]: gamma / sqrt(variance + eps), beta - mean * scale. */
function scaleAndShift({ name, config, weights, outputShape }: GraphNode): {
  scale: tf.Tensor;
  shift: tf.Tensor;
} {
  const { gamma, beta, movingMean, movingVariance } = weights;
  if (movingMean === undefined || movingVariance === undefined) {
    throw new NotApplicable(`[attribench] batch normalisation "${name}" has no running mean and variance`);
  }
  if (config.axis !== -1 && config.axis !== outputShape.length) {
    throw new NotApplicable(
      `[attribench] batch normalisation "${name}" is over axis ${config.axis}, expected the last`,
    );
  }
  const inverse = tf.rsqrt(tf.add(movingVariance, Number(config.epsilon)));
  const scale = gamma === undefined ? inverse : tf.mul(inverse, gamma);
  const shift = tf.neg(tf.mul(movingMean, scale));
  return { scale, shift: beta === undefined ? shift : tf.add(shift, beta) };
}

function dense(node: GraphNode): Linear {
  const rows = (values: tf.Tensor): tf.Tensor2D => values.reshape([-1, values.shape.at(-1) ?? 1]);
  return {
    kernel: weight(node, 'kernel'),
    bias: node.weights.bias,
    forward: (input, kernel) =>
      tf.matMul(rows(input), rows(kernel)).reshape([...input.shape.slice(0, -1), kernel.shape.at(-1) ?? 1]),
    transpose: (output, kernel, shape) => tf.matMul(rows(output), rows(kernel), false, true).reshape([...shape]),
  };
}

function convolution(node: GraphNode): Linear {
  const { strides, padding } = geometry(node);
  return {
    kernel: weight(node, 'kernel'),
    bias: node.weights.bias,
    forward: (input, kernel) => tf.conv2d(input as tf.Tensor4D, kernel as tf.Tensor4D, strides, padding),
    transpose: (output, kernel, shape) =>
      tf.conv2dTranspose(output as tf.Tensor4D, kernel as tf.Tensor4D, images(shape), strides, padding),
  };
}

function depthwise(node: GraphNode): Linear {
  const { strides, padding } = geometry(node);
  const forward = (input: tf.Tensor, kernel: tf.Tensor) =>
    tf.depthwiseConv2d(input as tf.Tensor4D, kernel as tf.Tensor4D, strides, padding);
  return {
    kernel: weight(node, 'depthwiseKernel'),
    bias: node.weights.bias,
    forward,
    transpose: (output, kernel, shape) => tf.grad((input) => forward(input, kernel))(tf.zeros([...shape]), output),
  };
}

function diagonal(node: GraphNode): Linear {
  const { scale, shift } = scaleAndShift(node);
  return { kernel: scale, bias: shift, forward: tf.mul, transpose: (output, kernel) => tf.mul(output, kernel) };
}

function weight({ name, weights }: GraphNode, short: string): tf.Tensor {
  const found = weights[short];
  if (found === undefined) throw new NotApplicable(`[attribench] node "${name}" has no weight "${short}"`);
  return found;
}

function geometry({ name, config }: GraphNode): { strides: [number, number]; padding: 'same' | 'valid' } {
  const dilation = pair(config.dilationRate);
  if (dilation.some((rate) => rate !== 1)) {
    throw new NotApplicable(`[attribench] no backward rule for node "${name}": dilated by ${dilation}, expected 1`);
  }
  if (config.dataFormat === 'channelsFirst') {
    throw new NotApplicable(`[attribench] no backward rule for node "${name}": channels first, expected last`);
  }
  return { strides: pair(config.strides), padding: config.padding === 'same' ? 'same' : 'valid' };
}

function pair(value: Parameters[string] | undefined): [number, number] {
  const [first, second] = Array.isArray(value) ? value : [value, value];
  return [Number(first ?? 1), Number(second ?? 1)];
}

function images([n = 0, height = 0, width = 0, channels = 0]: readonly number[]): [number, number, number, number] {
  return [n, height, width, channels];
}
