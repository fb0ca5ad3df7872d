/**
 * A network over a layer graph: every capability.
 */
import * as tf from '@tensorflow/tfjs';
import type { GraphNode, ImageShape, Need, Network, Objective, PropagationRule } from '../contracts.ts';
import { NotApplicable, UsageError } from '../errors.ts';
import { foldedGraph } from './folding.ts';
import { EVALUATION } from './forward.ts';
import { type LayerGraph, runGraph, valueIn } from './graph.ts';
import { cutGraph, stemFunctions } from './stem.ts';

/** The network of a graph, in evaluation mode; it owns no tensors but the graph's variables. */
export function layersNetwork(graph: LayerGraph, inputShape: ImageShape, classes: number): Network<Need> {
  const run = (images: tf.Tensor, adjust?: (name: string, output: tf.Tensor) => tf.Tensor) =>
    runGraph(graph, images, EVALUATION, adjust);
  const folded = foldedGraph(graph);
  const outputOf = (part: LayerGraph, input: tf.Tensor) => valueIn(runGraph(part, input, EVALUATION))(part.output);
  const logitsOf = (images: tf.Tensor) => outputOf(folded, images) as tf.Tensor2D;

  return {
    inputShape,
    classes,
    graph: graph.nodes,
    get weights() {
      return Object.fromEntries(graph.variables.map(({ name, variable }) => [name, variable.read()]));
    },

    logits: (images) => tf.tidy(() => logitsOf(images)),

    inputGradient: (images, objective) => tf.tidy(() => tf.grad((x) => objective(logitsOf(x)))(images) as tf.Tensor4D),

    ...stemFunctions(cutGraph(folded), outputOf),

    activations: (images, nodes) =>
      tf.tidy(() => {
        const value = valueIn(run(images));
        return nodes.map((name) => tf.clone(value(name)));
      }),

    // A zero added to each node's output: the gradient with respect to the zero is the gradient with
    // respect to the output, also where one asked node lies behind another.
    activationGradients: (images, nodes, objective: Objective) =>
      tf.tidy(() => {
        const [batch] = images.shape;
        const distinct = [...new Set(nodes)];
        const zeros = distinct.map((name) => tf.zeros([batch, ...nodeNamed(graph, name).outputShape]));
        const gradients = tf.grads((...added: tf.Tensor[]) => {
          const addedTo = new Map(distinct.map((name, i) => [name, added[i]]));
          const values = run(images, (name, output) => {
            const zero = addedTo.get(name);
            return zero === undefined ? output : tf.add(output, zero);
          });
          return objective(valueIn(values)(graph.output) as tf.Tensor2D);
        })(zeros);
        const gradientOf = valueIn(new Map(distinct.map((name, i) => [name, gradients[i] as tf.Tensor])));
        return nodes.map((name) => tf.clone(gradientOf(name)));
      }),

    propagate: (images, seed, ruleFor) =>
      tf.tidy(() => {
        const value = valueIn(run(images));
        const arrived = new Map([[graph.output, [seed(value(graph.output) as tf.Tensor2D) as tf.Tensor]]]);
        for (const node of graph.nodes.toReversed()) {
          const parts = arrived.get(node.name);
          if (parts === undefined) continue;
          const relevance = parts.length === 1 ? (parts[0] as tf.Tensor) : tf.addN(parts);
          if (node.type === 'InputLayer') return relevance as tf.Tensor4D;
          const inputs = node.inputs.map(value);
          const results = ruleOf(node, ruleFor)({ node, inputs, output: value(node.name), relevance });
          checkShapes(node, inputs, results);
          node.inputs.forEach((name, i) => {
            arrived.set(name, [...(arrived.get(name) ?? []), results[i] as tf.Tensor]);
          });
        }
        return tf.zerosLike(images);
      }),
  };
}

function nodeNamed(graph: LayerGraph, name: string): GraphNode {
  const node = graph.nodes.find((candidate) => candidate.name === name);
  if (node === undefined) {
    const names = graph.nodes.map((candidate) => candidate.name).join(', ');
    throw new UsageError(`[attribench] the network has no node "${name}", expected one of: ${names}`);
  }
  return node;
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
