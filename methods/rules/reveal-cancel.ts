/**
 * DeepLIFT's multipliers by the RevealCancel rule, of images against one reference input each.
 *
 * Every node's difference from the reference is kept as a positive and a negative part, and each
 * part has a multiplier of its own. Images and references go through the network as one batch of 2n
 * rows, and the walk back has a place for both: rows 0 .. n - 1 carry the multipliers of the positive
 * parts, rows n .. 2n - 1 those of the negative parts.
 */
import { type GraphNode, gradientRule, type PropagationNetwork, type PropagationRule, tf } from 'attribench';
import { atMaximum, quotient } from './deep-lift.ts';
import { kindOf } from './layers.ts';
import { linearOf } from './linear.ts';
import { unitSeed } from './seeds.ts';

/** A difference from the reference: plus >= 0 >= minus, their sum the whole. */
interface Parts {
  readonly plus: tf.Tensor;
  readonly minus: tf.Tensor;
}

/** What a node's rule needs: its value for images and references, and the parts of their difference. */
interface Difference extends Parts {
  readonly value: tf.Tensor;
  readonly reference: tf.Tensor;
}

/**
 * Contributions C with sum C = logit_c(x) - logit_c(reference): [n, height, width, channels].
 *
 * Shrikumar et al. 2017, section 3.5.2 at elementwise nonlinearities, section 3.5.1 at layers with weights. Layers that
 * add, average or move values keep the parts that they are given, a batch normalisation too (they change places where its
 * scale is negative), as if it were folded into the layer before. A maximum has the Rescale rule, which the paper leaves
 * open. Call it inside tf.tidy.
 */
export function revealCancel(
  network: PropagationNetwork,
  images: tf.Tensor4D,
  references: tf.Tensor4D,
  classes: tf.Tensor1D,
): tf.Tensor4D {
  const rows = tf.concat([images, references]);
  const differences = differencesOf(network, rows);
  const of = (name: string) => differences.get(name) as Difference;
  const multipliers = network.propagate(rows, unitSeed(tf.concat([classes, classes]) as tf.Tensor1D), (node) => {
    const source = node.inputs[0];
    return source === undefined ? undefined : ruleFor(node, of(source), of(node.name));
  });
  const { plus, minus } = halves(multipliers);
  const whole = tf.sub(images, references);
  return tf.add(tf.mul(plus, tf.relu(whole)), tf.mul(minus, tf.minimum(whole, 0)));
}

function differencesOf(network: PropagationNetwork, rows: tf.Tensor4D): Map<string, Difference> {
  const outputs = network.activations(
    rows,
    network.foldedGraph.map(({ name }) => name),
  );
  const differences = new Map<string, Difference>();
  network.foldedGraph.forEach((node, i) => {
    const { plus: value, minus: reference } = halves(outputs[i] as tf.Tensor);
    const inputs = node.inputs.map((name) => differences.get(name) as Difference);
    differences.set(node.name, { value, reference, ...partsOf(node, inputs, tf.sub(value, reference)) });
  });
  return differences;
}

function partsOf(node: GraphNode, inputs: readonly Difference[], whole: tf.Tensor): Parts {
  const [input] = inputs;
  const kind = kindOf(node);
  if (input === undefined || kind === 'maximum' || kind === 'unknown') return bySign(whole);
  if (kind === 'average' || kind === 'structure') {
    return {
      plus: node.apply(inputs.map(({ plus }) => plus)),
      minus: node.apply(inputs.map(({ minus }) => minus)),
    };
  }
  if (kind === 'linear') {
    const { kernel, forward } = linearOf(node);
    const own = node.type === 'BatchNormalization' ? input : bySign(tf.sub(input.value, input.reference));
    const weights = bySign(kernel);
    return {
      plus: tf.add(forward(own.plus, weights.plus), forward(own.minus, weights.minus)),
      minus: tf.add(forward(own.plus, weights.minus), forward(own.minus, weights.plus)),
    };
  }
  // The rise by each part, averaged over the two orders in which the parts may come.
  const f = (x: tf.Tensor) => node.apply([x]);
  const { plus, minus, reference } = input;
  const [none, up, down] = [f(reference), f(tf.add(reference, plus)), f(tf.add(reference, minus))];
  const both = f(tf.addN([reference, plus, minus]));
  const half = (one: tf.Tensor, other: tf.Tensor) => tf.mul(tf.add(one, other), 0.5);
  return {
    plus: half(tf.sub(up, none), tf.sub(both, down)),
    minus: half(tf.sub(down, none), tf.sub(both, up)),
  };
}

function ruleFor(node: GraphNode, input: Difference, output: Difference): PropagationRule | undefined {
  switch (kindOf(node)) {
    case 'linear':
      return node.type === 'BatchNormalization' ? atNormalisation : atWeights(tf.sub(input.value, input.reference));
    case 'rectifier':
    case 'elementwise':
      return atNonlinearity(input, output);
    case 'maximum':
      return atPeak(input, output);
    case 'average':
    case 'structure':
      return gradientRule;
    default:
      return undefined;
  }
}

/** m = sum over j of w_ij m+_j where w_ij pushes the way the input went, up or down, else w_ij m-_j; the mean where it stayed. */
const atWeights =
  (moved: tf.Tensor): PropagationRule =>
  ({ node, inputs: [input], relevance }) => {
    const { kernel, transpose } = linearOf(node);
    const shape = (input as tf.Tensor).shape;
    const weights = bySign(kernel);
    const agreeing = transpose(relevance, weights.plus, shape);
    const opposing = transpose(swapped(relevance), weights.minus, shape);
    const { plus: risen, minus: fallen } = halves(tf.add(agreeing, opposing));
    const still = tf.mul(tf.add(risen, fallen), 0.5);
    const one = tf.where(tf.greater(moved, 0), risen, tf.where(tf.less(moved, 0), fallen, still));
    return [tf.concat([one, one])];
  };

const atNormalisation: PropagationRule = ({ node, relevance }) => {
  const scale = bySign(linearOf(node).kernel);
  return [tf.add(tf.mul(relevance, scale.plus), tf.mul(swapped(relevance), scale.minus))];
};

const atNonlinearity =
  (input: Difference, output: Difference): PropagationRule =>
  ({ node, relevance }) => {
    const { value } = input;
    const slope = gradientRule({ node, inputs: [value], output: output.value, relevance: tf.onesLike(value) });
    const otherwise = slope[0] as tf.Tensor;
    const rates = [quotient(output.plus, input.plus, otherwise), quotient(output.minus, input.minus, otherwise)];
    return [tf.mul(relevance, tf.concat(rates))];
  };

const atPeak =
  (input: Difference, output: Difference): PropagationRule =>
  ({ node, relevance }) => {
    const { plus, minus } = halves(relevance);
    const [y, y0] = [output.value, output.reference];
    const multipliers = tf.where(tf.greaterEqual(y, y0), plus, minus);
    const one = atMaximum({ node, x: input.value, x0: input.reference, y, y0, multipliers });
    return [tf.concat([one, one])];
  };

const bySign = (values: tf.Tensor): Parts => ({ plus: tf.relu(values), minus: tf.minimum(values, 0) });

function halves(values: tf.Tensor): Parts {
  const [plus, minus] = tf.split(values, 2) as [tf.Tensor, tf.Tensor];
  return { plus, minus };
}

function swapped(values: tf.Tensor): tf.Tensor {
  const { plus, minus } = halves(values);
  return tf.concat([minus, plus]);
}
