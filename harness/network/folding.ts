/**
 * The graph for passes in evaluation mode whose inner values nobody asks for: batch normalisations are taken into the
 * layer before them, the kernel times their scale, which saves a pass over the values each way.
 */
import * as tf from '../tfjs.js';
import { movingScaleAndShift } from './batch-normalisation.ts';
import { linearForward } from './forward.ts';
import type { LayerGraph, LayerNode } from './graph.ts';

/**
 * The same function in evaluation mode; for training it is not.
 *
 * A node that takes a normalisation in has the normalisation's name, the layer's type and settings, and folded weights.
 * Nodes named in `kept` stay as they are.
 */
export function foldedGraph(graph: LayerGraph, kept: readonly string[] = []): LayerGraph {
  const readers = new Map<string, number>();
  for (const name of [...graph.nodes.flatMap(({ inputs }) => inputs), graph.output]) {
    readers.set(name, (readers.get(name) ?? 0) + 1);
  }
  const byName = new Map(graph.nodes.map((node) => [node.name, node]));
  const taken = new Set<string>();
  const nodes = graph.nodes.map((node) => {
    const before = byName.get(node.inputs[0] ?? '');
    if (before === undefined || readers.get(before.name) !== 1 || kept.includes(before.name)) return node;
    const folded = foldedNode(before, node);
    if (folded === undefined) return node;
    taken.add(before.name);
    return folded;
  });
  return { ...graph, nodes: nodes.filter(({ name }) => !taken.has(name)) };
}

/** The graph with the weights of its linear layers read once, for one pass within a tf.tidy. */
export function heldGraph(graph: LayerGraph): LayerGraph {
  const nodes = graph.nodes.map((node) => {
    const linear = linearForward(node.type, node.config);
    if (linear === undefined) return node;
    const { name, type, inputs, config, weights, outputShape } = node;
    return { name, type, inputs, config, weights, outputShape, ...functionsOf(linear, () => weights) };
  });
  return { ...graph, nodes };
}

type LinearForward = NonNullable<ReturnType<typeof linearForward>>;

function functionsOf(linear: LinearForward, weights: () => LayerNode['weights']) {
  const forward = ([input]: readonly tf.Tensor[]) => linear(input as tf.Tensor, weights());
  return { forward, apply: forward };
}

/** A normalisation and the linear layer before it as one; undefined where that is none. */
function foldedNode(before: LayerNode, node: LayerNode): LayerNode | undefined {
  if (node.type !== 'BatchNormalization') return undefined;
  const { axis } = node.config;
  const linear = linearForward(before.type, before.config);
  if (linear === undefined || (axis !== -1 && axis !== node.outputShape.length)) return undefined;
  // Weights are read at every pass.
  const weights = () => {
    const { scale, shift } = movingScaleAndShift(node.config, node.weights);
    const { bias, ...kernels } = before.weights;
    const [[name, kernel]] = Object.entries(kernels) as [[string, tf.Tensor]];
    // A depthwise kernel [height, width, channels, multiplier] has its outputs on its last two axes.
    const last = kernel.shape.at(-1) ?? 1;
    const factors = scale.size === last ? scale : scale.reshape([scale.size / last, last]);
    return {
      [name]: tf.mul(kernel, factors),
      bias: bias === undefined ? shift : tf.add(tf.mul(bias, scale), shift),
    };
  };
  return {
    name: node.name,
    type: before.type,
    inputs: before.inputs,
    config: before.config,
    get weights() {
      return weights();
    },
    outputShape: node.outputShape,
    ...functionsOf(linear, weights),
  };
}
