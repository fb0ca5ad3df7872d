/**
 * What an evaluation pass finds inside a network: nodes' outputs, and gradients with respect to them.
 *
 * Normalisations are folded where that hides no node that is asked for.
 */
import * as tf from '@tensorflow/tfjs';
import type { LayersNetwork, Objective } from '../contracts.ts';
import { UsageError } from '../errors.ts';
import { foldedGraph } from './folding.ts';
import { EVALUATION } from './forward.ts';
import { type LayerGraph, type LayerNode, outputsOf, runGraph, valueIn } from './graph.ts';

export function innerValues(
  graph: LayerGraph,
): Pick<LayersNetwork, 'activations' | 'activationGradients' | 'activationsAndGradients'> {
  const shapes = new Map(graph.nodes.map(({ name, outputShape }) => [name, outputShape]));
  const shapeOf = (name: string): readonly number[] => {
    const shape = shapes.get(name);
    if (shape !== undefined) return shape;
    const names = [...shapes.keys()].join(', ');
    throw new UsageError(`[attribench] the network has no node "${name}", expected one of: ${names}`);
  };

  const found = (images: tf.Tensor4D, nodes: readonly string[], objective: Objective) => {
    const [batch] = images.shape;
    const distinct = [...new Set(nodes)];
    const zeros = distinct.map((name) => tf.zeros([batch, ...shapeOf(name)]));
    const folded = foldedGraph(graph, distinct);
    // What lies before the first node asked for is not differentiated.
    const start = folded.nodes.findIndex(({ name }) => distinct.includes(name));
    const [before, behind] = [folded.nodes.slice(0, start + 1), folded.nodes.slice(start + 1)];
    const wanted = [...distinct, graph.output, ...behind.flatMap(({ inputs }) => inputs)];
    const constants = before.map(({ name }) => name).filter((name) => wanted.includes(name));
    const values = outputsOf(folded, images, constants);
    const rest = {
      ...folded,
      nodes: [...constants.map((name, i) => constant(name, values[i] as tf.Tensor)), ...behind],
    };
    // Kept, since the differentiation frees what it makes on its way.
    const seen = new Map<string, tf.Tensor>();
    try {
      // A zero added to each node's output: the gradient with respect to the zero is the gradient with
      // respect to the output, also where one asked node lies behind another.
      const gradients = tf.grads((...added: tf.Tensor[]) => {
        const addedTo = new Map(distinct.map((name, i) => [name, added[i]]));
        const values = runGraph(rest, images, EVALUATION, (name, output) => {
          const zero = addedTo.get(name);
          if (zero === undefined) return output;
          seen.set(name, tf.keep(tf.clone(output)));
          return tf.add(output, zero);
        });
        return objective(valueIn(values)(graph.output) as tf.Tensor2D);
      })(zeros);
      const gradientOf = valueIn(new Map(distinct.map((name, i) => [name, gradients[i] as tf.Tensor])));
      return {
        activations: nodes.map((name) => tf.clone(valueIn(seen)(name))),
        gradients: nodes.map((name) => tf.clone(gradientOf(name))),
      };
    } finally {
      tf.dispose([...seen.values()]);
    }
  };

  return {
    activations: (images, nodes) =>
      tf.tidy(() => {
        nodes.forEach(shapeOf);
        return outputsOf(foldedGraph(graph, nodes), images, nodes).map((output) => tf.clone(output));
      }),
    activationGradients: (images, nodes, objective) => tf.tidy(() => found(images, nodes, objective).gradients),
    activationsAndGradients: (images, nodes, objective) => tf.tidy(() => found(images, nodes, objective)),
  };
}

/** A node that holds a value. */
function constant(name: string, value: tf.Tensor): LayerNode {
  const forward = () => value;
  const outputShape = value.shape.slice(1);
  return { name, type: 'Constant', inputs: [], config: {}, weights: {}, outputShape, forward, apply: forward };
}
