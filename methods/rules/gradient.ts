/**
 * The chain rule, and its two variations at ReLUs.
 */
import { type GraphNode, gradientRule, type PropagationRule, tf } from 'attribench';
import { kindOf } from './layers.ts';
import { isLinear, linearOf } from './linear.ts';

/** The chain rule, without the forward pass of the layer where it is linear or a sum. */
export const chainRule: PropagationRule = (step) => {
  const { node, inputs, relevance } = step;
  if (sumsAlike(step)) return inputs.map(() => relevance);
  if (!isLinear(node)) return gradientRule(step);
  const { kernel, transpose } = linearOf(node);
  return inputs.map((input) => transpose(relevance, kernel, input.shape));
};

/** Whether a node is the sum of inputs of one shape: the gradient of each is the sum's. */
export function sumsAlike({ node, inputs, output }: Parameters<PropagationRule>[0]): boolean {
  return node.type === 'Add' && inputs.every(({ shape }) => `${shape}` === `${output.shape}`);
}

/** Relevance of ReLUs in terms of the gradient that arrives; every other layer passes gradients on. */
export function atRectifiers(rule: PropagationRule): (node: GraphNode) => PropagationRule | undefined {
  return (node) => {
    const kind = kindOf(node);
    if (kind === 'rectifier') return rule;
    return kind === 'elementwise' || kind === 'unknown' ? undefined : chainRule;
  };
}

/** Springenberg et al. 2015: the gradient where it is positive and the unit active; its f'(x) max(g, 0) for ReLU's kin. */
export const guidedRule: PropagationRule = (step) => chainRule({ ...step, relevance: tf.relu(step.relevance) });

/** Zeiler and Fergus 2014: the ReLU applied to the signal on its way back, whether or not the unit was active. */
export const deconvolutionRule: PropagationRule = ({ relevance }) => [tf.relu(relevance)];

/** To the winner of a maximum; equal ones share where it is over the whole image, where tf.max would give each the whole. */
export const maximumRule: PropagationRule = (step) => {
  const { node, inputs, output, relevance } = step;
  if (node.type !== 'GlobalMaxPooling2D') return gradientRule(step);
  return inputs.map((input) => {
    const [n, , , channels] = input.shape as [number, number, number, number];
    const winners = tf.cast(tf.equal(input, output.reshape([n, 1, 1, channels])), 'float32');
    const share = tf.div(relevance.reshape([n, 1, 1, channels]), tf.sum(winners, [1, 2], true));
    return tf.mul(winners, share);
  });
};
