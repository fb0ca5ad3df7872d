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
import { type LayerGraph, runGraph, valueIn } from './graph.ts';

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

  const activations: LayersNetwork['activations'] = (images, nodes) =>
    tf.tidy(() => {
      nodes.forEach(shapeOf);
      const folded = foldedGraph(graph, nodes);
      const last = folded.nodes.findLastIndex(({ name }) => nodes.includes(name));
      const value = valueIn(runGraph({ ...folded, nodes: folded.nodes.slice(0, last + 1) }, images, EVALUATION));
      return nodes.map((name) => tf.clone(value(name)));
    });

  // A zero added to each node's output: the gradient with respect to the zero is the gradient with
  // respect to the output, also where one asked node lies behind another.
  const gradients = (
    images: tf.Tensor4D,
    nodes: readonly string[],
    objective: Objective,
    observe: (name: string, output: tf.Tensor) => void = () => {},
  ) =>
    tf.tidy(() => {
      const [batch] = images.shape;
      const distinct = [...new Set(nodes)];
      const zeros = distinct.map((name) => tf.zeros([batch, ...shapeOf(name)]));
      const found = tf.grads((...added: tf.Tensor[]) => {
        const addedTo = new Map(distinct.map((name, i) => [name, added[i]]));
        const values = runGraph(foldedGraph(graph, distinct), images, EVALUATION, (name, output) => {
          const zero = addedTo.get(name);
          if (zero === undefined) return output;
          observe(name, output);
          return tf.add(output, zero);
        });
        return objective(valueIn(values)(graph.output) as tf.Tensor2D);
      })(zeros);
      const gradientOf = valueIn(new Map(distinct.map((name, i) => [name, found[i] as tf.Tensor])));
      return nodes.map((name) => tf.clone(gradientOf(name)));
    });

  return {
    activations,
    activationGradients: (images, nodes, objective) => gradients(images, nodes, objective),
    activationsAndGradients: (images, nodes, objective) => {
      // Kept, since the differentiation frees what it makes on its way.
      const seen = new Map<string, tf.Tensor>();
      const observe = (name: string, output: tf.Tensor) => seen.set(name, tf.keep(tf.clone(output)));
      try {
        return tf.tidy(() => {
          const arrived = gradients(images, nodes, objective, observe);
          return { activations: nodes.map((name) => tf.clone(valueIn(seen)(name))), gradients: arrived };
        });
      } finally {
        tf.dispose([...seen.values()]);
      }
    },
  };
}
