/**
 * Layer-wise relevance propagation: rules as data, one engine that runs them.
 *
 * A rule of a linear layer says which contributions share the relevance of an output. Batch
 * normalisations are folded into the linear layer before them where that layer has no other reader
 * (the kernel times the scale; scale times bias plus shift), exactly, eps included; any other one
 * is a linear layer of its own with a diagonal kernel, and its shift is a bias.
 *
 * On a small network a pass over the values, or over a wide dense kernel, costs nearly as much as a product does: rules
 * make few of either.
 */
import { type GraphNode, gradientRule, type PropagationNetwork, type PropagationRule, tf } from 'attribench';
import { remembered } from '../support/remembered.ts';
import { maximumRule, sumsAlike } from './gradient.ts';
import { kindOf, type Layout, layoutOf } from './layers.ts';
import { type Linear, linearOf } from './linear.ts';
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
  /** The sign that every contribution and bias of the terms has; absent: either. */
  readonly sign?: 1 | -1;
  /** Added to the sum with the sum's sign; STABILISER unless given. */
  readonly epsilon?: number;
}

/** A linear layer y = W x + b, and the relevance of y to be shared out. */
interface LinearStep {
  readonly layer: Linear;
  readonly x: tf.Tensor;
  /** The layer's output y. */
  readonly z: tf.Tensor;
  readonly relevance: tf.Tensor;
  /** Whether x is known never to be negative. */
  readonly nonNegative: boolean;
  /** Whether relevance is known to be 0 where z is not positive. */
  readonly rectified: boolean;
}

/** How a linear layer shares out relevance: shares, which add, or a formula for the relevance of x. */
export type LinearRule = readonly Share[] | ((step: LinearStep) => tf.Tensor);

/** The rule of each linear node: `first` where no other linear node comes before it, `last` where none comes after. */
export type Composite = (node: GraphNode, place: { readonly first: boolean; readonly last: boolean }) => LinearRule;

const all: Part = (values) => values;
export const positive: Part = (values) => tf.relu(values);
export const negative: Part = (values) => tf.minimum(values, 0);
const ones: Part = (values) => tf.onesLike(values);
const square: Part = (values) => tf.square(values);
const whole: Term = { input: all, kernel: all, bias: all };

/** z_ij = x_i w_ij over z_j + epsilon sign z_j. Bach et al. 2015, equation 58. */
export const epsilonRule = remembered((epsilon: number): LinearRule => [{ weight: 1, terms: [whole], epsilon }]);

/** alpha times the positive contributions less beta times the negative ones, biases by their sign. Ibid., equation 60. */
export const alphaBeta = remembered((alpha: number, beta: number): LinearRule => {
  const favouring: Share = {
    weight: alpha,
    sign: 1,
    terms: [
      { input: positive, kernel: positive, bias: positive },
      { input: negative, kernel: negative },
    ],
  };
  const opposing: Share = {
    weight: -beta,
    sign: -1,
    terms: [
      { input: positive, kernel: negative, bias: negative },
      { input: negative, kernel: positive },
    ],
  };
  return beta === 0 ? [favouring] : [favouring, opposing];
});

/** alpha = 1, beta = 0: the z+ rule. Montavon et al. 2017, section 4.2, for x >= 0. */
export const Z_PLUS = alphaBeta(1, 0);

const excitation = (weight: number, kernel: Part, opposing: Part): Share => ({
  weight,
  sign: 1,
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
 * Montavon et al. 2019, section 10.2.1, for x >= 0 and z > 0; for other signs as Andéol et al. 2021 generalise it. With
 * s_j the sign of z_j, what agrees with it is (x_i w_ij + s_j |x_i w_ij|) / 2, so that two products each way are enough:
 * R_i = sum over j of (s_j x_i w_ij + k |x_i w_ij|) R_j / d_j over z_j other than 0, k = gamma / (2 + gamma),
 * d_j = |z_j| + k (sum over i of |x_i w_ij|, and |b_j|) + epsilon / (1 + gamma / 2).
 */
export const gammaRule = remembered((gamma: number): LinearRule => {
  const k = gamma / (2 + gamma);
  const epsilon = STABILISER / (1 + gamma / 2);
  return ({ layer, x, z, relevance, nonNegative, rectified }) => {
    const { kernel, bias, forward, transpose } = layer;
    const sizes = tf.abs(kernel);
    const extents = nonNegative ? x : tf.abs(x);
    const level = bias === undefined ? epsilon : tf.add(tf.mul(tf.abs(bias), k), epsilon);
    const agreeing = tf.add(forward(...scaled(k, extents, sizes)), level);
    const rates = tf.div(relevance, tf.add(tf.abs(z), agreeing));
    if (nonNegative && rectified && kernel.size < x.size) {
      return tf.mul(x, transpose(rates, tf.add(kernel, tf.mul(sizes, k)), x.shape));
    }
    const signs = tf.sign(z);
    const signed = rectified ? rates : tf.mul(rates, signs);
    const plain = transpose(signed, kernel, x.shape);
    const strengthened = transpose(...scaled(k, rectified ? rates : tf.mul(signed, signs), sizes), x.shape);
    if (nonNegative) return tf.mul(x, tf.add(plain, strengthened));
    return tf.add(tf.mul(x, plain), tf.mul(extents, strengthened));
  };
});

/** Values and kernel with the smaller of the two times a factor: that of a product of both. */
function scaled(factor: number, values: tf.Tensor, kernel: tf.Tensor): [tf.Tensor, tf.Tensor] {
  return values.size < kernel.size ? [tf.mul(values, factor), kernel] : [values, tf.mul(kernel, factor)];
}

/** z_ij = x_i w_ij - low w+_ij - high w-_ij, without bias, for inputs from low to high. Montavon et al. 2017, section 4.2. */
export const boxRule = ({ low, high }: { readonly low: number; readonly high: number }): LinearRule =>
  boxBetween(low, high);

const boxBetween = remembered(
  (low: number, high: number): LinearRule => [
    {
      weight: 1,
      terms: [
        { input: all, kernel: all },
        { input: (x) => tf.fill(x.shape, low), kernel: (w) => tf.neg(positive(w)) },
        { input: (x) => tf.fill(x.shape, high), kernel: (w) => tf.neg(negative(w)) },
      ],
    },
  ],
);

/** z_ij = w_ij^2, without bias. Montavon et al. 2017, section 4.1. */
export const W_SQUARE: LinearRule = [{ weight: 1, terms: [{ input: ones, kernel: square }] }];

/** z_ij = 1: evenly over the receptive field. Lapuschkin et al. 2019, supplement. */
export const FLAT: LinearRule = [{ weight: 1, terms: [{ input: ones, kernel: ones }] }];

export interface RelevanceRequest {
  readonly network: PropagationNetwork;
  readonly images: tf.Tensor4D;
  readonly classes: tf.Tensor1D;
  readonly composite: Composite;
  /** Whether no image holds a negative number, which spares a rule of signs products in the first layer. */
  readonly nonNegative?: boolean;
  /** Where the walk starts; unless given, with logit_c at the class. */
  readonly seed?: (logits: tf.Tensor2D) => tf.Tensor2D;
}

/**
 * Relevance of the images, [n, height, width, channels].
 *
 * Activations pass relevance on unchanged, maxima give it to the winner, sums and averages share it in proportion to
 * their terms, layers that move values move it with them. NotApplicable for any other layer.
 */
export function relevanceOf(request: RelevanceRequest): tf.Tensor4D {
  const { network, images, classes, composite, seed } = request;
  return tf.tidy(() =>
    network.propagate(
      images,
      seed ?? logitSeed(classes),
      assignmentOf(network, composite, request.nonNegative ?? false),
    ),
  );
}

type Assignment = (node: GraphNode) => PropagationRule | undefined;

interface KnownAssignment {
  readonly rules: ReadonlyMap<string, LinearRule>;
  readonly nonNegativeImages: boolean;
  readonly assignment: Assignment;
}

/** Of each network the assignments made for it; rules of the same settings are the same objects, so that they are few. */
const assignments = new WeakMap<PropagationNetwork, KnownAssignment[]>();

/** The rules of a composite for every node of a network: the same function for the same rules. */
function assignmentOf(network: PropagationNetwork, composite: Composite, nonNegativeImages: boolean): Assignment {
  const { foldedGraph: graph } = network;
  const layout = layoutOf(graph, nonNegativeImages);
  const { first, last } = layout;
  const rules = new Map(
    graph
      .filter((node) => kindOf(node) === 'linear')
      .map((node) => [node.name, composite(node, { first: first.has(node.name), last: last.has(node.name) })]),
  );
  const known = assignments.get(network) ?? [];
  const same = known.find(
    (one) =>
      one.nonNegativeImages === nonNegativeImages && [...rules].every(([name, rule]) => one.rules.get(name) === rule),
  );
  if (same !== undefined) return same.assignment;
  const made = { rules, nonNegativeImages, assignment: assigned(rules, layout) };
  assignments.set(network, [made, ...known].slice(0, MOST_ASSIGNMENTS));
  return made.assignment;
}

/** Composites in turn on one network; one whose rules are made anew at every call may come any number of times. */
const MOST_ASSIGNMENTS = 4;

function assigned(rules: ReadonlyMap<string, LinearRule>, { nonNegative, rectified }: Layout): Assignment {
  const vanishing = [...rules.values()].every(givesNothingToZero);
  return (node) => {
    const rule = rules.get(node.name);
    if (rule !== undefined) {
      const known = {
        nonNegative: nonNegative.has(node.inputs[0] ?? ''),
        rectified: vanishing && rectified.has(node.name),
      };
      return ({ node, inputs: [input], output, relevance }) => {
        const step = { layer: linearOf(node), x: input as tf.Tensor, z: output, relevance, ...known };
        return [typeof rule === 'function' ? rule(step) : shared(rule, step)];
      };
    }
    switch (kindOf(node)) {
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
  };
}

/** Whether an input of 0 has no relevance, whatever arrives. */
function givesNothingToZero(rule: LinearRule): boolean {
  const vanishing: readonly Part[] = [all, positive, negative];
  return typeof rule === 'function' || rule.every(({ terms }) => terms.every(({ input }) => vanishing.includes(input)));
}

const pass: PropagationRule = ({ relevance }) => [relevance];

/** R_k = x_k (d output / d x_k) R / z: the terms of a sum or an average get what they contribute. */
const proportional: PropagationRule = (step) => {
  const rates = tf.div(step.relevance, stabilised(step.output, STABILISER));
  const shares = sumsAlike(step) ? step.inputs.map(() => rates) : gradientRule({ ...step, relevance: rates });
  return step.inputs.map((input, k) => tf.mul(input, shares[k] as tf.Tensor));
};

function shared(rule: readonly Share[], { layer, x, z, relevance, nonNegative }: LinearStep): tf.Tensor {
  const parts = rule.map(({ weight, terms, sign, epsilon = STABILISER }) => {
    const used = terms.filter((term) => !(nonNegative && term.input === negative));
    const inputs = used.map(({ input }) => (nonNegative && input === positive ? x : input(x)));
    const kernels = used.map((term) => term.kernel(layer.kernel));
    const sums = used.map((term, k) =>
      term === whole ? z : contributions(layer, term, inputs[k] as tf.Tensor, kernels[k] as tf.Tensor),
    );
    const sum = total(sums);
    const stable = sign === undefined ? stabilised(sum, epsilon) : tf.add(sum, sign * epsilon);
    const quotient = tf.div(weight === 1 ? relevance : tf.mul(relevance, weight), stable);
    return total(
      inputs.map((values, k) => tf.mul(values, layer.transpose(quotient, kernels[k] as tf.Tensor, x.shape))),
    );
  });
  return total(parts);
}

const total = (terms: readonly tf.Tensor[]): tf.Tensor =>
  terms.length === 1 ? (terms[0] as tf.Tensor) : tf.addN([...terms]);

function contributions(layer: Linear, term: Term, input: tf.Tensor, kernel: tf.Tensor): tf.Tensor {
  const sum = layer.forward(input, kernel);
  return term.bias === undefined || layer.bias === undefined ? sum : tf.add(sum, term.bias(layer.bias));
}

/** z + epsilon with the sign of z, plus at zero. */
function stabilised(z: tf.Tensor, epsilon: number): tf.Tensor {
  return tf.where(tf.greaterEqual(z, 0), tf.add(z, epsilon), tf.sub(z, epsilon));
}
