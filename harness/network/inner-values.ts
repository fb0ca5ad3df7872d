/**
 * What an evaluation pass finds inside a network: nodes' outputs, and gradients with respect to them.
 *
 * Normalisations are folded where that hides no node that is asked for.
 */
import type { LayersNetwork, Objective } from '../contracts.ts';
import type { Computation, Gradient, Program, Programs } from '../engine/program.ts';
import { UsageError } from '../errors.ts';
import * as tf from '../tfjs.js';
import { foldedGraph } from './folding.ts';
import { EVALUATION } from './forward.ts';
import { type LayerGraph, type LayerNode, outputsOf, runGraph, valueIn } from './graph.ts';

type InnerValues = Pick<LayersNetwork, 'activations' | 'activationGradients' | 'activationsAndGradients'>;

/** The inner values of a graph whose layers read the tensors `held`; each set of nodes that is asked for is a program. */
export function innerValues(
  graph: LayerGraph,
  programs: Programs,
  held: readonly tf.Tensor[],
): InnerValues & { dispose(): void } {
  const shapes = new Map(graph.nodes.map(({ name, outputShape }) => [name, outputShape]));
  const shapeOf = (name: string): readonly number[] => {
    const shape = shapes.get(name);
    if (shape !== undefined) return shape;
    const names = [...shapes.keys()].join(', ');
    throw new UsageError(`[attribench] the network has no node "${name}", expected one of: ${names}`);
  };

  const passes = new Map<string, Program>();
  const differentiated = new Map<string, Gradient>();

  const activations = (images: tf.Tensor4D, nodes: readonly string[]) => {
    nodes.forEach(shapeOf);
    const distinct = [...new Set(nodes)];
    const pass = madeOnce(passes, distinct, () => {
      const folded = foldedGraph(graph, distinct);
      return programs.program(([input]) => outputsOf(folded, input as tf.Tensor, distinct));
    });
    const found = pass.run([images, ...held]);
    return inOrder(nodes, distinct, found);
  };

  const found = (images: tf.Tensor4D, nodes: readonly string[], objective: Objective) => {
    const distinct = [...new Set(nodes)];
    const zeros = distinct.map((name) => tf.fill([images.shape[0], ...shapeOf(name)], 0));
    const gradient = madeOnce(differentiated, distinct, () => {
      const { before, logits } = logitsWith(graph, distinct);
      return programs.gradient(logits, distinct.length, before);
    });
    const { gradients, results } = gradient.run([...zeros, images, ...held], (z) => objective(z as tf.Tensor2D));
    return { activations: inOrder(nodes, distinct, results), gradients: inOrder(nodes, distinct, gradients) };
  };

  return {
    activations: (images, nodes) => tf.tidy(() => activations(images, nodes)),
    activationGradients: (images, nodes, objective) => tf.tidy(() => found(images, nodes, objective).gradients),
    activationsAndGradients: (images, nodes, objective) => tf.tidy(() => found(images, nodes, objective)),
    dispose: () => {
      for (const owned of [...passes.values(), ...differentiated.values()]) owned.dispose();
      passes.clear();
      differentiated.clear();
    },
  };
}

/**
 * A pass in two parts, since what lies before the first node asked for is not differentiated: `before` makes of
 * [...zeros, images, ...] the values that `logits` is given behind all that; of these it makes [logits, ...the nodes' outputs].
 *
 * A zero is added to each node's output: the gradient with respect to the zero is the one with respect to the output, also
 * where one asked node lies behind another.
 */
function logitsWith(graph: LayerGraph, nodes: readonly string[]): Record<'before' | 'logits', Computation> {
  const folded = foldedGraph(graph, nodes);
  const start = folded.nodes.findIndex(({ name }) => nodes.includes(name));
  const [before, behind] = [folded.nodes.slice(0, start + 1), folded.nodes.slice(start + 1)];
  const wanted = [...nodes, graph.output, ...behind.flatMap(({ inputs }) => inputs)];
  const constants = before.map(({ name }) => name).filter((name) => wanted.includes(name));
  return {
    before: (inputs) => outputsOf(folded, inputs[nodes.length] as tf.Tensor, constants),
    logits: (inputs) => {
      const known = inputs.slice(inputs.length - constants.length);
      const given = constants.map((name, i) => constant(name, known[i] as tf.Tensor));
      const seen = new Map<string, tf.Tensor>();
      const rest = { ...folded, nodes: [...given, ...behind] };
      const values = runGraph(rest, inputs[nodes.length] as tf.Tensor, EVALUATION, (name, output) => {
        const place = nodes.indexOf(name);
        if (place === -1) return output;
        seen.set(name, output);
        return tf.add(output, inputs[place] as tf.Tensor);
      });
      return [valueIn(values)(graph.output), ...nodes.map(valueIn(seen))];
    },
  };
}

function madeOnce<T>(known: Map<string, T>, nodes: readonly string[], make: () => T): T {
  const key = JSON.stringify(nodes);
  const made = known.get(key) ?? make();
  known.set(key, made);
  return made;
}

/** What was found of distinct nodes, of each node asked for, a tensor of its own. */
function inOrder(nodes: readonly string[], distinct: readonly string[], found: readonly tf.Tensor[]): tf.Tensor[] {
  return nodes.map((name) => tf.clone(found[distinct.indexOf(name)] as tf.Tensor));
}

/** A node that holds a value. */
function constant(name: string, value: tf.Tensor): LayerNode {
  const forward = () => value;
  const outputShape = value.shape.slice(1);
  return { name, type: 'Constant', inputs: [], config: {}, weights: {}, outputShape, forward, apply: forward };
}
