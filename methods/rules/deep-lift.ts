/**
 * DeepLIFT's multipliers by the Rescale rule, of images against reference inputs.
 *
 * Images and references go through the network as one batch, each reference before the images that
 * are compared with it: [b (n + 1)] rows for b references and n images. Multipliers travel back on the
 * rows of images; those of references carry zeros.
 */
import { type GraphNode, gradientRule, type PropagationNetwork, type PropagationRule, tf } from 'attribench';
import { remembered } from '../support/remembered.ts';
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
  const [n, ...shape] = images.shape;
  const [b] = references.shape;
  const rows = tf.concat([references.expandDims(1), tf.tile(images.expandDims(0), [b, 1, 1, 1, 1])], 1);
  // No logit has index -1: references start with zeros.
  const explained = tf.tile(tf.concat([tf.tensor1d([-1], 'int32'), classes]), [b]) as tf.Tensor1D;
  const multipliers = network.propagate(rows.reshape([b * (n + 1), ...shape]), unitSeed(explained), rescaleAgainst(b));
  return tf.slice(multipliers.reshape([b, n + 1, ...shape]), [0, 1], [b, n]).reshape([b * n, ...shape]);
}

/** The rules against so many references. */
const rescaleAgainst = remembered((b: number) => (node: GraphNode) => rescale(node, b));

function rescale(node: GraphNode, b: number): PropagationRule | undefined {
  switch (kindOf(node)) {
    case 'linear':
      return chainRule;
    case 'rectifier':
    case 'elementwise':
      return elementwise(b);
    case 'maximum':
      return ({ node, inputs: [input], output, relevance }) => {
        const x = input as tf.Tensor;
        const [x0, y0] = [referencesOf(x, b).whole(), referencesOf(output, b).whole()];
        return [atMaximum({ node, x, x0, y: output, y0, multipliers: relevance })];
      };
    case 'average':
      return chainRule;
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

/** Values of rows [b (n + 1)] beside the values of each row's reference: its difference from it, or the latter alone. */
function referencesOf(values: tf.Tensor, b: number) {
  const groups = values.reshape([b, -1, ...values.shape.slice(1)]);
  const references = tf.slice(groups, [0, 0], [b, 1]);
  return {
    difference: () => tf.sub(groups, references).reshape(values.shape),
    whole: () => tf.broadcastTo(references, groups.shape).reshape(values.shape),
  };
}

const elementwise =
  (b: number): PropagationRule =>
  (step) => {
    const { inputs, output, relevance } = step;
    const x = inputs[0] as tf.Tensor;
    const [derivative] = gradientRule({ ...step, relevance: tf.onesLike(output) }) as [tf.Tensor];
    const slope = quotient(referencesOf(output, b).difference(), referencesOf(x, b).difference(), derivative);
    return [tf.mul(relevance, slope)];
  };

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
  return tf.where(tf.less(tf.abs(b), TINY), otherwise, tf.div(a, b));
}
