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
  /** Linear nodes that no other linear node comes after, but for normalisations that fold into them. */
  readonly last: ReadonlySet<string>;
  /** Nodes whose output is never negative, whatever the image. */
  readonly nonNegative: ReadonlySet<string>;
  /** Batch normalisations by the linear node that they fold into: its only reader is the normalisation. */
  readonly normalisationOf: ReadonlyMap<string, GraphNode>;
  /** The names of those normalisations. */
  readonly folded: ReadonlySet<string>;
}

export function layoutOf(graph: readonly GraphNode[]): Layout {
  const byName = new Map(graph.map((node) => [node.name, node]));
  const readers = new Map<string, number>();
  for (const name of graph.flatMap(({ inputs }) => inputs)) readers.set(name, (readers.get(name) ?? 0) + 1);

  const normalisationOf = new Map<string, GraphNode>();
  const folded = new Set<string>();
  const first = new Set<string>();
  const behindLinear = new Set<string>();
  const nonNegative = new Set<string>();
  for (const node of graph) {
    const kind = kindOf(node);
    const [source] = node.inputs.map((name) => byName.get(name));
    if (
      node.type === 'BatchNormalization' &&
      source !== undefined &&
      foldsInto(source) &&
      readers.get(source.name) === 1
    ) {
      normalisationOf.set(source.name, node);
      folded.add(node.name);
    }
    if (node.inputs.some((name) => behindLinear.has(name))) behindLinear.add(node.name);
    else if (kind === 'linear') {
      first.add(node.name);
      behindLinear.add(node.name);
    }
    const keepsSign = kind !== 'linear' && kind !== 'elementwise' && kind !== 'unknown' && node.inputs.length > 0;
    const { activation } = node.config;
    const cutsOff = node.type === 'ReLU' || activation === 'relu' || activation === 'relu6';
    if (cutsOff || (keepsSign && node.inputs.every((name) => nonNegative.has(name)))) nonNegative.add(node.name);
  }
  const last = new Set<string>();
  const beforeLinear = new Set<string>();
  for (const node of graph.toReversed()) {
    const linear = kindOf(node) === 'linear' && !folded.has(node.name);
    if (linear && !beforeLinear.has(node.name)) last.add(node.name);
    if (linear || beforeLinear.has(node.name)) for (const name of node.inputs) beforeLinear.add(name);
  }
  return { first, last, nonNegative, normalisationOf, folded };
}

const foldsInto = (node: GraphNode): boolean => isLinear(node) && node.type !== 'BatchNormalization';
