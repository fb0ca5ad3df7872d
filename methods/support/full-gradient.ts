/**
 * The full-gradient decomposition: what the input and every bias of a network add to a logit.
 *
 * Piece by piece a network is affine, so f(x) = <df/dx, x> + sum over biases of <df/d(output), bias>
 * (Srinivas and Fleuret, NeurIPS 2019, section 3). Biases are explicit (those of linear layers; a batch
 * normalisation's is its output at 0) or implicit (g(z) - z g'(z) of a nonlinearity g, 0 for ReLU).
 */
import { classLogit, type GraphNode, type LayersNetwork, NotApplicable, tf } from 'attribench';
import { kindOf } from '../rules/layers.ts';

export interface FullGradient {
  /** x * d logit_c / dx, shape of the images. */
  readonly input: tf.Tensor4D;
  /** Bias times gradient of each node that has a bias, shape of the node's output. */
  readonly biases: readonly tf.Tensor[];
}

/**
 * The decomposition of logit_c: all entries of all parts sum to it. Call it inside tf.tidy.
 *
 * @throws NotApplicable for a layer that is neither linear nor elementwise nor homogeneous.
 */
export function fullGradient(network: LayersNetwork, images: tf.Tensor4D, classes: tf.Tensor1D): FullGradient {
  const { graph } = network;
  const carriers = graph.filter((node) => biasOf(node) !== 'none');
  const bent = carriers.filter((node) => biasOf(node) === 'implicit');
  const sources = graph.filter(({ type }) => type === 'InputLayer');
  const asked = [...sources, ...carriers].map(({ name }) => name);
  const [gradient, ...arriving] = network.activationGradients(images, asked, classLogit(classes));
  const bentInputs = network.activations(
    images,
    bent.map(({ inputs: [name = ''] }) => name),
  );
  const biases = carriers.map((node, i) => {
    const input = bentInputs[bent.indexOf(node)];
    const bias = input === undefined ? outputAtZero(node, graph) : interceptAt(node, input);
    return tf.mul(arriving[i] as tf.Tensor, bias);
  });
  return { input: tf.mul(images, gradient as tf.Tensor4D), biases };
}

function biasOf(node: GraphNode): 'explicit' | 'implicit' | 'none' {
  switch (kindOf(node)) {
    case 'linear':
      return node.type === 'BatchNormalization' || node.weights.bias !== undefined ? 'explicit' : 'none';
    case 'rectifier':
    case 'elementwise':
      return isHomogeneous(node) ? 'none' : 'implicit';
    case 'unknown':
      if (node.type === 'InputLayer') return 'none';
      throw new NotApplicable(`[attribench] no bias is known for node "${node.name}" of type ${node.type}`);
    default:
      return 'none';
  }
}

/** g(z) = z g'(z): no bias. */
function isHomogeneous({ type, config: { activation, maxValue } }: GraphNode): boolean {
  return (
    activation === 'relu' || activation === 'linear' || type === 'LeakyReLU' || (type === 'ReLU' && maxValue == null)
  );
}

/** The output of a linear layer for a zero input, [1, ...]. */
function outputAtZero(node: GraphNode, graph: readonly GraphNode[]): tf.Tensor {
  const source = graph.find(({ name }) => name === node.inputs[0]);
  return node.apply([tf.zeros([1, ...(source?.outputShape ?? [])])]);
}

/** g(z) - z g'(z): where the tangent of an elementwise nonlinearity meets the axis. */
function interceptAt(node: GraphNode, input: tf.Tensor): tf.Tensor {
  const slope = tf.grad((z) => node.apply([z]))(input);
  return tf.sub(node.apply([input]), tf.mul(input, slope));
}
