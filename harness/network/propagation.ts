/**
 * The walk back through a graph by rules.
 */
import type { GraphNode, PropagationNetwork, PropagationRule } from '../contracts.ts';
import type { Programs, RoundTrip } from '../engine/program.ts';
import { NotApplicable } from '../errors.ts';
import * as tf from '../tfjs.js';
import { heldGraph } from './folding.ts';
import { EVALUATION } from './forward.ts';
import { type LayerGraph, runGraph, valueIn } from './graph.ts';

type RuleFor = Parameters<PropagationNetwork['propagate']>[2];

/** Assignments of rules that are remembered: who makes new ones at every call is not recorded. */
const MOST_ASSIGNMENTS = 8;

/**
 * `propagate` of a network on its folded graph, whose layers read the tensors `held`.
 *
 * An assignment of rules that comes again is run as a round trip from then on.
 */
export function propagation(
  folded: LayerGraph,
  programs: Programs,
  held: readonly tf.Tensor[],
): Pick<PropagationNetwork, 'propagate'> & { dispose(): void } {
  const known = new Map<RuleFor, RoundTrip | undefined>();
  const tripOf = (ruleFor: RuleFor): RoundTrip | undefined => {
    if (known.has(ruleFor)) {
      const trip = known.get(ruleFor) ?? programs.roundTrip(([images], turn) => walk(folded, images, turn, ruleFor));
      known.set(ruleFor, trip);
      return trip;
    }
    for (const [oldest, trip] of known) {
      if (known.size < MOST_ASSIGNMENTS) break;
      trip?.dispose();
      known.delete(oldest);
    }
    known.set(ruleFor, undefined);
    return undefined;
  };
  return {
    propagate: (images, seed, ruleFor) => {
      const turn = (logits: tf.Tensor) => seed(logits as tf.Tensor2D);
      const trip = tripOf(ruleFor);
      const found =
        trip === undefined ? tf.tidy(() => walk(folded, images, turn, ruleFor)) : trip.run([images, ...held], turn);
      return found as tf.Tensor4D;
    },
    dispose: () => {
      for (const trip of known.values()) trip?.dispose();
      known.clear();
    },
  };
}

function walk(
  folded: LayerGraph,
  images: tf.Tensor | undefined,
  turn: (logits: tf.Tensor) => tf.Tensor,
  ruleFor: RuleFor,
): tf.Tensor {
  if (images === undefined) throw new Error('[attribench] no images to walk back to');
  const graph = heldGraph(folded);
  const value = valueIn(runGraph(graph, images, EVALUATION));
  const arrived = new Map([[graph.output, [turn(value(graph.output))]]]);
  for (const node of graph.nodes.toReversed()) {
    const parts = arrived.get(node.name);
    if (parts === undefined) continue;
    const relevance = parts.length === 1 ? (parts[0] as tf.Tensor) : tf.addN(parts);
    if (node.type === 'InputLayer') return relevance;
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
