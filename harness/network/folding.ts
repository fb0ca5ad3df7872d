/**
 * The graph for passes in evaluation mode whose inner values nobody asks for: batch normalisations are taken into the
 * layer before them, the kernel times their scale, which saves a pass over the values each way.
 */
import * as tf from '@tensorflow/tfjs';
import { movingScaleAndShift } from './batch-normalisation.ts';
import { linearForward } from './forward.ts';
import type { LayerGraph, LayerNode } from './graph.ts';

/** The same function in evaluation mode; for training it is not. */
export function foldedGraph(graph: LayerGraph): LayerGraph {
  const readers = new Map<string, number>();
  for (const name of [...graph.nodes.flatMap(({ inputs }) => inputs), graph.output]) {
    readers.set(name, (readers.get(name) ?? 0) + 1);
  }
  const byName = new Map(graph.nodes.map((node) => [node.name, node]));
  const taken = new Set<string>();
  const nodes = graph.nodes.map((node) => {
    const before = byName.get(node.inputs[0] ?? '');
    if (before === undefined || readers.get(before.name) !== 1) return node;
    const folded = foldedNode(before, node);
    if (folded === undefined) return node;
    taken.add(before.name);
    return folded;
  });
  return { ...graph, nodes: nodes.filter(({ name }) => !taken.has(name)) };
}

/** A normalisation under its own name, reading what the linear layer before it reads; undefined where that is none. */
function foldedNode(before: LayerNode, node: LayerNode): LayerNode | undefined {
  if (node.type !== 'BatchNormalization') return undefined;
  const { axis } = node.config;
  const linear = linearForward(before.type, before.config);
  if (linear === undefined || (axis !== -1 && axis !== node.outputShape.length)) return undefined;
  return {
    ...node,
    // Weights are read at every pass.
    get weights() {
      return node.weights;
    },
    inputs: before.inputs,
    forward: ([input]) => {
      const { scale, shift } = movingScaleAndShift(node.config, node.weights);
      const { bias, ...kernels } = before.weights;
      const [[name, kernel]] = Object.entries(kernels) as [[string, tf.Tensor]];
      // A depthwise kernel [height, width, channels, multiplier] has its outputs on its last two axes.
      const last = kernel.shape.at(-1) ?? 1;
      const factors = scale.size === last ? scale : scale.reshape([scale.size / last, last]);
      return linear(input as tf.Tensor, {
        [name]: tf.mul(kernel, factors),
        bias: bias === undefined ? shift : tf.add(tf.mul(bias, scale), shift),
      });
    },
  };
}
