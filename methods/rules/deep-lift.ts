/**
 * DeepLIFT's multipliers by the Rescale rule, of images against reference inputs.
 *
 * Images and references go through the network as one batch, images first: [b n + b] rows for n
 * images and b references, row s n + i being image i against reference s. Multipliers travel back
 * on the image rows; the reference rows carry zeros and are there to be compared with.
 */
import { type GraphNode, gradientRule, type PropagationNetwork, type PropagationRule, tf } from 'attribench';
import { chainRule, maximumRule } from './gradient.ts';
import { kindOf } from './layers.ts';
import { unitSeed } from './seeds.ts';

/** Differences below it are too small to divide by in float32: the derivative stands for the quotient. */
export const TINY = 1e-6;

/**
 * m with sum over coordinates of m (x - reference) = logit_c(x) - logit_c(reference): [b n, height, width, channels].
 *
 * At an elementwise nonlinearity m_x = m_y (y - y0) / (x - x0); at a maximum, what it rises above the reference's goes to
 * the image's winner and what it falls below it to the reference's; linear layers pass multipliers by the chain rule.
 * Call it inside tf.tidy.
 */
export function rescaleMultipliers(
  network: PropagationNetwork,
  images: tf.Tensor4D,
  references: tf.Tensor4D,
  classes: tf.Tensor1D,
): tf.Tensor4D {
  const [n] = images.shape;
  const [b] = references.shape;
  const rows = tf.concat([tf.tile(images, [b, 1, 1, 1]), references]);
  // No logit has index -1: references start with zeros.
  const explained = tf.concat([tf.tile(classes, [b]), tf.fill([b], -1, 'int32')]) as tf.Tensor1D;
  const multipliers = network.propagate(rows, unitSeed(explained), (node) => rescale(node, n, b));
  return multipliers.slice([0, 0, 0, 0], [b * n, -1, -1, -1]);
}

function rescale(node: GraphNode, n: number, b: number): PropagationRule | undefined {
  switch (kindOf(node)) {
    case 'linear':
      return chainRule;
    case 'rectifier':
    case 'elementwise':
      return onImageRows(n, b, elementwise);
    case 'maximum':
      return onImageRows(n, b, atMaximum);
    case 'average':
    case 'structure':
      return gradientRule;
    default:
      return undefined;
  }
}

/** A node's values for images and their references, row by row, and the multipliers of its output. */
export interface Compared {
  readonly node: GraphNode;
  readonly x: tf.Tensor;
  readonly x0: tf.Tensor;
  readonly y: tf.Tensor;
  readonly y0: tf.Tensor;
  readonly multipliers: tf.Tensor;
}

function onImageRows(n: number, b: number, rule: (compared: Compared) => tf.Tensor): PropagationRule {
  const imageRows = (values: tf.Tensor) => tf.slice(values, 0, b * n);
  const referenceRows = (values: tf.Tensor) => {
    const own = tf.slice(values, b * n, b).expandDims(1);
    return tf.tile(own, [1, n, ...own.shape.slice(2).map(() => 1)]).reshape([b * n, ...values.shape.slice(1)]);
  };
  return ({ node, inputs: [input], output, relevance }) => {
    const values = input as tf.Tensor;
    const multipliers = rule({
      node,
      x: imageRows(values),
      x0: referenceRows(values),
      y: imageRows(output),
      y0: referenceRows(output),
      multipliers: imageRows(relevance),
    });
    return [tf.concat([multipliers, tf.zeros([b, ...values.shape.slice(1)])])];
  };
}

function elementwise({ node, x, x0, y, y0, multipliers }: Compared): tf.Tensor {
  const derivative = gradientRule({ node, inputs: [x], output: y, relevance: tf.onesLike(y) })[0] as tf.Tensor;
  return tf.mul(multipliers, quotient(tf.sub(y, y0), tf.sub(x, x0), derivative));
}

/** The Rescale rule at a maximum, as multipliers of its inputs. */
export function atMaximum({ node, x, x0, y, y0, multipliers }: Compared): tf.Tensor {
  const top = tf.maximum(y, y0);
  const passed = (inputs: tf.Tensor, output: tf.Tensor, relevance: tf.Tensor) =>
    maximumRule({ node, inputs: [inputs], output, relevance })[0] as tf.Tensor;
  const risen = passed(x, y, tf.mul(multipliers, tf.sub(top, y0)));
  const fallen = passed(x0, y0, tf.mul(multipliers, tf.sub(y, top)));
  return quotient(tf.add(risen, fallen), tf.sub(x, x0), passed(x, y, multipliers));
}

/** a / b, or `otherwise` where b is tiny. */
export function quotient(a: tf.Tensor, b: tf.Tensor, otherwise: tf.Tensor): tf.Tensor {
  const tiny = tf.less(tf.abs(b), TINY);
  return tf.where(tiny, otherwise, tf.div(a, tf.where(tiny, tf.onesLike(b), b)));
}
