/**
 * What rules need to know of a layer graph: kinds of layers, and where each stands.
 */
import type { GraphNode } from 'attribench';
import { isLinear } from './linear.ts';

/** Moves values without changing them, or picks some. */
const STRUCTURE: ReadonlySet<string> = new Set([
  'Flatten',
  'Reshape',
  'Permute',
  'RepeatVector',
  'ZeroPadding2D',
  'Cropping2D',
  'Concatenate',
  'Dropout',
  'SpatialDropout1D',
  'GaussianNoise',
  'GaussianDropout',
  'AlphaDropout',
]);

/** Sums with fixed weights that are not negative. */
const AVERAGES: ReadonlySet<string> = new Set(['Add', 'Average', 'AveragePooling2D', 'GlobalAveragePooling2D']);

const MAXIMA: ReadonlySet<string> = new Set(['MaxPooling2D', 'GlobalMaxPooling2D']);

/** ReLU and kin: monotone, zero at zero. */
const RECTIFIERS: ReadonlySet<string> = new Set(['ReLU', 'LeakyReLU', 'PReLU', 'ELU', 'ThresholdedReLU']);
const RECTIFYING: ReadonlySet<string> = new Set(['relu', 'relu6', 'elu', 'selu']);
const ELEMENTWISE: ReadonlySet<string> = new Set([
  'sigmoid',
  'hardSigmoid',
  'tanh',
  'softplus',
  'softsign',
  'swish',
  'mish',
  'gelu',
  'gelu_new',
]);

export type LayerKind = 'linear' | 'rectifier' | 'elementwise' | 'maximum' | 'average' | 'structure' | 'unknown';

/** The kind of a node's layer; 'elementwise' are the nonlinearities that are no rectifiers. */
export function kindOf(node: GraphNode): LayerKind {
  const { type, config } = node;
  const activation = type === 'Activation' ? String(config.activation) : '';
  if (isLinear(node)) return 'linear';
  if (RECTIFIERS.has(type) || RECTIFYING.has(activation)) return 'rectifier';
  if (ELEMENTWISE.has(activation)) return 'elementwise';
  if (MAXIMA.has(type)) return 'maximum';
  if (AVERAGES.has(type)) return 'average';
  return STRUCTURE.has(type) || activation === 'linear' ? 'structure' : 'unknown';
}

/** Where the nodes of a graph stand, by name. */
export interface Layout {
  /** Linear nodes that no other linear node comes before. */
  readonly first: ReadonlySet<string>;
  /** Linear nodes that no other linear node comes after. */
  readonly last: ReadonlySet<string>;
  /** Nodes whose output is never negative, given what is known of the images. */
  readonly nonNegative: ReadonlySet<string>;
  /** Nodes that are read by nothing but layers that make all that is negative 0, and hand it on. */
  readonly rectified: ReadonlySet<string>;
}

/** The layout of a graph whose normalisations are folded; whether its images are known never to be negative. */
export function layoutOf(graph: readonly GraphNode[], nonNegativeImages = false): Layout {
  const first = new Set<string>();
  const behindLinear = new Set<string>();
  const nonNegative = new Set<string>();
  for (const node of graph) {
    const kind = kindOf(node);
    if (node.inputs.some((name) => behindLinear.has(name))) behindLinear.add(node.name);
    else if (kind === 'linear') {
      first.add(node.name);
      behindLinear.add(node.name);
    }
    const keepsSign = kind !== 'linear' && kind !== 'elementwise' && kind !== 'unknown' && node.inputs.length > 0;
    const image = nonNegativeImages && node.type === 'InputLayer';
    if (image || cutsOff(node) || (keepsSign && node.inputs.every((name) => nonNegative.has(name))))
      nonNegative.add(node.name);
  }
  const last = new Set<string>();
  const beforeLinear = new Set<string>();
  const rectified = new Set<string>();
  for (const node of graph.toReversed()) {
    const linear = kindOf(node) === 'linear';
    if (linear && !beforeLinear.has(node.name)) last.add(node.name);
    if (linear || beforeLinear.has(node.name)) for (const name of node.inputs) beforeLinear.add(name);
    const readers = readersOf(node, graph);
    const handedOn = readers.every((reader) => cutsOff(reader) && readersOf(reader, graph).length > 0);
    if (readers.length > 0 && handedOn) rectified.add(node.name);
  }
  return { first, last, nonNegative, rectified };
}

const readersOf = ({ name }: GraphNode, graph: readonly GraphNode[]): GraphNode[] =>
  graph.filter(({ inputs }) => inputs.includes(name));

const cutsOff = ({ type, config: { activation } }: GraphNode): boolean =>
  type === 'ReLU' || activation === 'relu' || activation === 'relu6';
