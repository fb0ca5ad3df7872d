/**
 * A network over a layer graph: every capability.
 */
import type * as tf from '@tensorflow/tfjs';
import type { ImageShape, Need, Network, Objective } from '../contracts.ts';
import { ownPrograms } from '../engine/index.ts';
import { type Gradient, operationwise } from '../engine/program.ts';
import { denseStem } from './dense-stem.ts';
import { foldedGraph } from './folding.ts';
import { EVALUATION } from './forward.ts';
import { type LayerGraph, outputsOf, runGraph, valueIn } from './graph.ts';
import { innerValues } from './inner-values.ts';
import { propagation } from './propagation.ts';
import { cutGraph, stemFunctions } from './stem.ts';

/** The network of a graph, in evaluation mode; it owns no tensors but the graph's variables. */
export function layersNetwork(
  graph: LayerGraph,
  inputShape: ImageShape,
  classes: number,
): { readonly network: Network<Need>; dispose(): void } {
  const folded = foldedGraph(graph);
  const cut = cutGraph(folded);
  const outputOf = (part: LayerGraph, input: tf.Tensor) => valueIn(runGraph(part, input, EVALUATION))(part.output);
  const programs = ownPrograms() ?? operationwise;
  const logits = programs.program(([images]) => outputsOf(folded, images as tf.Tensor, [graph.output]));
  const restLogits = programs.program(([values]) => [outputOf(cut.rest, values as tf.Tensor)]);
  const gradientIn = (part: LayerGraph) => programs.gradient(([input]) => [outputOf(part, input as tf.Tensor)]);
  const [inputGradient, stemGradient] = [gradientIn(folded), gradientIn(cut.rest)];
  // What a program is given beside the input: all that its layers read.
  const held = graph.variables.map(({ variable }) => variable.read());
  const gradientOf = (gradient: Gradient, input: tf.Tensor, objective: Objective) => {
    const { gradients } = gradient.run([input, ...held], (logits) => objective(logits as tf.Tensor2D));
    return gradients[0] as tf.Tensor;
  };
  const inner = innerValues(graph, programs, held);
  const walks = propagation(folded, programs, held);

  const network: Network<Need> = {
    inputShape,
    classes,
    graph: graph.nodes,
    get weights() {
      return Object.fromEntries(graph.variables.map(({ name, variable }) => [name, variable.read()]));
    },

    logits: (images) => logits.run([images, ...held])[0] as tf.Tensor2D,

    denseStem: denseStem(cut.stem, (outputs) => restLogits.run([outputs, ...held])[0] as tf.Tensor2D),

    inputGradient: (images, objective) => gradientOf(inputGradient, images, objective) as tf.Tensor4D,

    ...stemFunctions(cut, outputOf, (values, objective) => gradientOf(stemGradient, values, objective)),

    activations: inner.activations,
    activationGradients: inner.activationGradients,
    activationsAndGradients: inner.activationsAndGradients,

    foldedGraph: folded.nodes,
    propagate: walks.propagate,
  };
  return {
    network,
    dispose: () => {
      for (const owned of [logits, restLogits, inputGradient, stemGradient, inner, walks]) owned.dispose();
    },
  };
}
