/**
 * The directions in which a layer's inputs move with its outputs, from training images.
 */
import { type GraphNode, gradientRule, type PropagationNetwork, type PropagationRule, tf } from 'attribench';
import { chainRule } from './gradient.ts';
import { kindOf } from './layers.ts';
import { linearOf } from './linear.ts';
import { logitSeed } from './seeds.ts';

/**
 * Attributions of the images by kernels w a, a the pattern of each unit: [n, height, width, channels].
 *
 * a_j = E+[x (y_j - E[y_j])] / (w_j . the same), over the receptive fields of all references, y with bias and batch
 * normalisation. E is over all of them; E+ over those with y_j > 0 where a ReLU is all that reads the unit (the paper's
 * two-component estimator), elsewhere over all too (its linear estimator). A unit that never moves has the pattern 0. Call
 * it inside tf.tidy.
 */
export function patternAttribution(
  network: PropagationNetwork,
  images: tf.Tensor4D,
  references: tf.Tensor4D,
  classes: tf.Tensor1D,
): tf.Tensor4D {
  const { foldedGraph: graph } = network;
  const weighted = graph.filter((node) => hasPattern(node));
  const seen = network.activations(
    references,
    weighted.flatMap(({ name, inputs }) => [inputs[0] ?? name, name]),
  );
  const kernels = new Map(
    weighted.map((node, k) => {
      const [x, y] = [seen[2 * k] as tf.Tensor, seen[2 * k + 1] as tf.Tensor];
      return [node.name, patternKernel(node, x, y, isRectified(graph, node))];
    }),
  );
  return network.propagate(images, logitSeed(classes), (node) => {
    const kind = kindOf(node);
    if (kind === 'elementwise' || kind === 'unknown') return undefined;
    const kernel = kernels.get(node.name);
    if (kernel !== undefined) return withKernel(kernel);
    return kind === 'linear' ? chainRule : gradientRule;
  });
}

const hasPattern = (node: GraphNode): boolean => kindOf(node) === 'linear' && node.type !== 'BatchNormalization';

const withKernel =
  (kernel: tf.Tensor): PropagationRule =>
  ({ node, inputs: [input], relevance }) => [linearOf(node).transpose(relevance, kernel, (input as tf.Tensor).shape)];

/** Whether a ReLU (or its kin) is all that reads the node. */
function isRectified(graph: readonly GraphNode[], { name }: GraphNode): boolean {
  const readers = graph.filter(({ inputs }) => inputs.includes(name));
  return readers.length > 0 && readers.every((reader) => kindOf(reader) === 'rectifier');
}

function patternKernel(node: GraphNode, x: tf.Tensor, y: tf.Tensor, rectified: boolean): tf.Tensor {
  const { kernel, forward } = linearOf(node);
  const positions = y.shape.slice(0, -1).map((_, axis) => axis);
  const deviation = tf.sub(y, tf.mean(y, positions));
  const counted = rectified ? tf.mul(deviation, tf.cast(tf.greater(y, 0), 'float32')) : deviation;
  // The sum over receptive fields of x_i counted_j is the gradient of a layer's output in its kernel.
  const covariance = tf.grad((k) => forward(x, k))(kernel, counted);
  // A depthwise unit reads one channel: its kernel [height, width, channels, multiplier] sums over the window alone.
  const inputs = kernel.shape.map((_, axis) => axis).slice(0, node.type === 'DepthwiseConv2D' ? 2 : -1);
  const scale = tf.sum(tf.mul(kernel, covariance), inputs, true);
  const still = tf.less(tf.abs(scale), 1e-12);
  const pattern = tf.where(still.broadcastTo(kernel.shape), 0, tf.div(covariance, tf.where(still, 1, scale)));
  return tf.mul(kernel, pattern);
}
