/**
 * A network over a layer graph: every capability.
 */
import * as tf from '@tensorflow/tfjs';
import type { ImageShape, Need, Network } from '../contracts.ts';
import { foldedGraph } from './folding.ts';
import { EVALUATION } from './forward.ts';
import { type LayerGraph, outputsOf, runGraph, valueIn } from './graph.ts';
import { innerValues } from './inner-values.ts';
import { propagation } from './propagation.ts';
import { cutGraph, stemFunctions } from './stem.ts';

/** The network of a graph, in evaluation mode; it owns no tensors but the graph's variables. */
export function layersNetwork(graph: LayerGraph, inputShape: ImageShape, classes: number): Network<Need> {
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

    logits: (images) => tf.tidy(() => outputsOf(folded, images, [graph.output])[0] as tf.Tensor2D),

    inputGradient: (images, objective) => tf.tidy(() => tf.grad((x) => objective(logitsOf(x)))(images) as tf.Tensor4D),

    ...stemFunctions(cutGraph(folded), outputOf),

    ...innerValues(graph),

    foldedGraph: folded.nodes,
    propagate: propagation(folded),
  };
}
