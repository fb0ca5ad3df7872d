/**
 * Layer-wise relevance propagation: rules as data, one engine that runs them.
 *
 * A rule of a linear layer says which contributions share the relevance of an output. Batch
 * normalisations are folded into the linear layer before them where that layer has no other reader
 * (the kernel times the scale; scale times bias plus shift), exactly, eps included; any other one
 * is a linear layer of its own with a diagonal kernel, and its shift is a bias.
 */
import { type GraphNode, gradientRule, type PropagationNetwork, type PropagationRule, tf } from 'attribench';
import { maximumRule } from './gradient.ts';
import { kindOf, type Layout, layoutOf } from './layers.ts';
import { fold, type Linear, linearOf } from './linear.ts';
import { logitSeed } from './seeds.ts';

type Part = (values: tf.Tensor) => tf.Tensor;

/** Keeps quotients finite where a sum is zero; zennit's value (captum's is 1e-9). */
const STABILISER = 1e-6;

/** Contributions input(x)_i kernel(w)_ij to output j, and the bias that joins their sum. */
export interface Term {
  readonly input: Part;
  readonly kernel: Part;
  /** Absent: no bias in the sum. */
  readonly bias?: Part;
}

/** R_i = weight sum over j of (contributions of i to j over terms) / (sum of all of them) R_j. */
export interface Share {
  readonly weight: number;
  readonly terms: readonly Term[];
  /** Only outputs whose own sum z_j has this sign; absent: all. */
  readonly where?: 'positive' | 'negative';
  /** Added to the sum with the sum's sign; STABILISER unless given. */
  readonly epsilon?: number;
}

/** How a linear layer shares out relevance; the shares add. */
export type LinearRule = readonly Share[];

/** The rule of each linear node: `first` where no other linear node comes before it, `last` where none comes after. */
export type Composite = (node: GraphNode, place: { readonly first: boolean; readonly last: boolean }) => LinearRule;

const all: Part = (values) => values;
export const positive: Part = (values) => tf.relu(values);
export const negative: Part = (values) => tf.minimum(values, 0);
const ones: Part = (values) => tf.onesLike(values);
const square: Part = (values) => tf.square(values);
const whole: Term = { input: all, kernel: all, bias: all };

/** z_ij = x_i w_ij over z_j + epsilon sign z_j. Bach et al. 2015, equation 58. */
export const epsilonRule = (epsilon: number): LinearRule => [{ weight: 1, terms: [whole], epsilon }];

/** alpha times the positive contributions less beta times the negative ones, biases by their sign. Ibid., equation 60. */
export function alphaBeta(alpha: number, beta: number): LinearRule {
  const favouring: Share = {
    weight: alpha,
    terms: [
      { input: positive, kernel: positive, bias: positive },
      { input: negative, kernel: negative },
    ],
  };
  const opposing: Share = {
    weight: -beta,
    terms: [
      { input: positive, kernel: negative, bias: negative },
      { input: negative, kernel: positive },
    ],
  };
  return beta === 0 ? [favouring] : [favouring, opposing];
}

/** alpha = 1, beta = 0: the z+ rule. Montavon et al. 2017, section 4.2, for x >= 0. */
export const Z_PLUS = alphaBeta(1, 0);

const excitation = (weight: number, kernel: Part, opposing: Part): Share => ({
  weight,
  terms: [
    { input: positive, kernel },
    { input: negative, kernel: opposing },
  ],
});

/** Positive contributions without bias: the probabilities of Zhang et al. 2018, section 3.2. */
export const EXCITATION: LinearRule = [excitation(1, positive, negative)];

/** Less those of the dual unit, whose weights are negated: the top layer of the contrastive kind. Ibid., section 3.3. */
export const CONTRAST: LinearRule = [
  excitation(1, positive, negative),
  excitation(
    -1,
    (w) => positive(tf.neg(w)),
    (w) => negative(tf.neg(w)),
  ),
];

/**
 * Weights that agree with the sign of the output count 1 + gamma times, biases too.
 *
 * Montavon et al. 2019, section 10.2.1, for x >= 0 and z > 0; for other signs as Andéol et al. 2021 generalise it.
 */
export function gammaRule(gamma: number): LinearRule {
  const more: Part = (w) => tf.add(w, tf.mul(gamma, positive(w)));
  const less: Part = (w) => tf.add(w, tf.mul(gamma, negative(w)));
  const side = (where: 'positive' | 'negative', agreeing: Part, opposing: Part): Share => ({
    weight: 1,
    where,
    terms: [
      { input: positive, kernel: agreeing, bias: agreeing },
      { input: negative, kernel: opposing },
    ],
  });
  return [side('positive', more, less), side('negative', less, more)];
}

/** z_ij = x_i w_ij - low w+_ij - high w-_ij, without bias, for inputs from low to high. Montavon et al. 2017, section 4.2. */
export function boxRule({ low, high }: { readonly low: number; readonly high: number }): LinearRule {
  return [
    {
      weight: 1,
      terms: [
        { input: all, kernel: all },
        { input: (x) => tf.fill(x.shape, low), kernel: (w) => tf.neg(positive(w)) },
        { input: (x) => tf.fill(x.shape, high), kernel: (w) => tf.neg(negative(w)) },
      ],
    },
  ];
}

/** z_ij = w_ij^2, without bias. Montavon et al. 2017, section 4.1. */
export const W_SQUARE: LinearRule = [{ weight: 1, terms: [{ input: ones, kernel: square }] }];

/** z_ij = 1: evenly over the receptive field. Lapuschkin et al. 2019, supplement. */
export const FLAT: LinearRule = [{ weight: 1, terms: [{ input: ones, kernel: ones }] }];

export interface RelevanceRequest {
  readonly network: PropagationNetwork;
  readonly images: tf.Tensor4D;
  readonly classes: tf.Tensor1D;
  readonly composite: Composite;
  /** Where the walk starts; unless given, with logit_c at the class. */
  readonly seed?: (logits: tf.Tensor2D) => tf.Tensor2D;
}

/**
 * Relevance of the images, [n, height, width, channels].
 *
 * Activations pass relevance on unchanged, maxima give it to the winner, sums and averages share it in proportion to
 * their terms, layers that move values move it with them. NotApplicable for any other layer.
 */
export function relevanceOf({ network, images, classes, composite, seed }: RelevanceRequest): tf.Tensor4D {
  return tf.tidy(() => {
    const layout = layoutOf(network.graph);
    return network.propagate(images, seed ?? logitSeed(classes), (node) => {
      if (layout.folded.has(node.name)) return pass;
      switch (kindOf(node)) {
        case 'linear':
          return linearRule(
            composite(node, { first: layout.first.has(node.name), last: layout.last.has(node.name) }),
            layout,
          );
        case 'rectifier':
        case 'elementwise':
          return pass;
        case 'average':
          return proportional;
        case 'maximum':
          return maximumRule;
        case 'structure':
          return gradientRule;
        default:
          return undefined;
      }
    });
  });
}

const pass: PropagationRule = ({ relevance }) => [relevance];

/** R_k = x_k (d output / d x_k) R / z: the terms of a sum or an average get what they contribute. */
const proportional: PropagationRule = (step) => {
  const shares = gradientRule({ ...step, relevance: tf.div(step.relevance, stabilised(step.output, STABILISER)) });
  return step.inputs.map((input, k) => tf.mul(input, shares[k] as tf.Tensor));
};

function linearRule(rule: LinearRule, layout: Layout): PropagationRule {
  return ({ node, inputs: [input], output, relevance }) => {
    const x = input as tf.Tensor;
    const opened = linearOf(node);
    const normalisation = layout.normalisationOf.get(node.name);
    const { layer, z } =
      normalisation === undefined ? { layer: opened, z: output } : fold(opened, output, normalisation);
    const nonNegative = layout.nonNegative.has(node.inputs[0] ?? '');
    const parts = rule.map(({ weight, terms, where, epsilon = STABILISER }) => {
      const used = terms.filter((term) => !(nonNegative && term.input === negative));
      const inputs = used.map((term) => term.input(x));
      const kernels = used.map((term) => term.kernel(layer.kernel));
      const sums = used.map((term, k) =>
        term === whole ? z : contributions(layer, term, inputs[k] as tf.Tensor, kernels[k] as tf.Tensor),
      );
      const total = stabilised(sums.length === 1 ? (sums[0] as tf.Tensor) : tf.addN(sums), epsilon);
      const arriving = where === undefined ? relevance : tf.mul(relevance, maskOf(z, where));
      const quotient = tf.div(weight === 1 ? arriving : tf.mul(arriving, weight), total);
      const shares = inputs.map((values, k) =>
        tf.mul(values, layer.transpose(quotient, kernels[k] as tf.Tensor, x.shape)),
      );
      return shares.length === 1 ? (shares[0] as tf.Tensor) : tf.addN(shares);
    });
    return [parts.length === 1 ? (parts[0] as tf.Tensor) : tf.addN(parts)];
  };
}

function contributions(layer: Linear, term: Term, input: tf.Tensor, kernel: tf.Tensor): tf.Tensor {
  const sum = layer.forward(input, kernel);
  return term.bias === undefined || layer.bias === undefined ? sum : tf.add(sum, term.bias(layer.bias));
}

/** z + epsilon with the sign of z, plus at zero. */
function stabilised(z: tf.Tensor, epsilon: number): tf.Tensor {
  return tf.where(tf.greaterEqual(z, 0), tf.add(z, epsilon), tf.sub(z, epsilon));
}

function maskOf(z: tf.Tensor, where: 'positive' | 'negative'): tf.Tensor {
  return tf.cast(where === 'positive' ? tf.greater(z, 0) : tf.less(z, 0), 'float32');
}
