/**
 * The walk back through a graph by rules.
 */
import * as tf from '@tensorflow/tfjs';
import type { GraphNode, PropagationNetwork, PropagationRule } from '../contracts.ts';
import { NotApplicable } from '../errors.ts';
import { heldGraph } from './folding.ts';
import { EVALUATION } from './forward.ts';
import { type LayerGraph, runGraph, valueIn } from './graph.ts';

/** `propagate` of a network on its folded graph. */
export function propagation(folded: LayerGraph): PropagationNetwork['propagate'] {
  return (images, seed, ruleFor) =>
    tf.tidy(() => {
      const graph = heldGraph(folded);
      const value = valueIn(runGraph(graph, images, EVALUATION));
      const arrived = new Map([[graph.output, [seed(value(graph.output) as tf.Tensor2D) as tf.Tensor]]]);
      for (const node of graph.nodes.toReversed()) {
        const parts = arrived.get(node.name);
        if (parts === undefined) continue;
        const relevance = parts.length === 1 ? (parts[0] as tf.Tensor) : tf.addN(parts);
        if (node.type === 'InputLayer') return relevance as tf.Tensor4D;
        const inputs = node.inputs.map(value);
        const step = { node, inputs, output: value(node.name), relevance };
        // What the rule makes on its way is freed at once.
        const results = tf.tidy(() => ruleOf(node, ruleFor)(step));
        checkShapes(node, inputs, results);
        node.inputs.forEach((name, i) => {
          arrived.set(name, [...(arrived.get(name) ?? []), results[i] as tf.Tensor]);
        });
      }
      return tf.zerosLike(images);
    });
}

function ruleOf(node: GraphNode, ruleFor: (node: GraphNode) => PropagationRule | undefined): PropagationRule {
  const rule = ruleFor(node);
  if (rule === undefined) {
    throw new NotApplicable(`[attribench] no backward rule for node "${node.name}" of type ${node.type}`);
  }
  return rule;
}

function checkShapes(node: GraphNode, inputs: readonly tf.Tensor[], results: readonly tf.Tensor[]): void {
  const expected = inputs.map((input) => `[${input.shape}]`).join(', ');
  const got = results.map((result) => `[${result.shape}]`).join(', ');
  if (got !== expected) {
    throw new Error(`[attribench] the rule of node "${node.name}" returned shapes ${got}, expected ${expected}`);
  }
}
