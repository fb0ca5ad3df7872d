/**
 * From a model plugin and weights to a network that methods and trainings use.
 */
import type {
  ArchitectureRequest,
  FunctionModel,
  Model,
  Need,
  Network,
  Parameters,
  WeightEntry,
  Weights,
} from '../contracts.ts';
import { NotApplicable, UsageError } from '../errors.ts';
import type { Stream } from '../random.ts';
import * as tf from '../tfjs.js';
import { functionNetwork } from './function-network.ts';
import { type LayerGraph, layerGraph, runGraph, valueIn } from './graph.ts';
import { layersNetwork } from './layers-network.ts';
import type { Observations } from './moving-statistics.ts';
import { makeWeights, matchWeights, type WeightShape } from './weights.ts';

/** What a training moves. */
export interface Trainable {
  /** The trainable weights, in stable order; the network owns them. */
  readonly variables: readonly tf.Variable[];
  /** The moving statistics. */
  readonly statistics: readonly tf.Variable[];
  /**
   * Logits [n, classes] in training mode: normalised by the batch, dropout drawn from the stream.
   *
   * `seen` takes the batch's statistics, by which the moving ones may be moved afterwards.
   */
  logits(images: tf.Tensor4D, stream: Stream, seen?: Observations): tf.Tensor2D;
  /** A copy of all weights. */
  snapshot(): Promise<Weights>;
}

export interface BuiltNetwork {
  readonly network: Network<Need>;
  /** What the model can offer; using another capability of `network` throws NotApplicable. */
  readonly capabilities: readonly Need[];
  /** null for a model given as a function. */
  readonly trainable: Trainable | null;
  /** Frees every tensor that the network owns. */
  dispose(): void;
}

/**
 * Builds a model and sets its weights; null keeps the weights that the model was built with.
 *
 * @throws UsageError where shapes or names of weights do not fit, or the model does not end in logits [n, classes].
 */
export function buildNetwork(
  model: Model,
  request: ArchitectureRequest<Parameters>,
  weights: Weights | null,
): BuiltNetwork {
  const built = model.build(request);
  if (!(built instanceof tf.LayersModel)) return buildFunction(model, built, request, weights);
  const graph = layerGraph(built);
  const disposeVariables = () => {
    for (const { variable } of graph.variables) variable.dispose();
  };
  try {
    checkShape(model, 'input', built.inputs[0]?.shape, request.inputShape);
    checkShape(model, 'output', built.outputs[0]?.shape, [request.classes]);
    if (weights !== null) setWeights(graph, weights);
  } catch (error) {
    disposeVariables();
    throw error;
  }
  const { network, dispose } = layersNetwork(graph, request.inputShape, request.classes);
  return {
    network,
    capabilities: ['logits', 'gradient', 'layers', 'propagation', 'weights'],
    trainable: trainableOf(graph),
    dispose: () => {
      dispose();
      disposeVariables();
    },
  };
}

/**
 * Names and shapes of an architecture's weights, in stable order.
 *
 * @throws NotApplicable for a model given as a function.
 */
export function weightShapes(model: Model, request: ArchitectureRequest<Parameters>): readonly WeightShape[] {
  const built = model.build(request);
  if (!(built instanceof tf.LayersModel)) {
    built.dispose();
    throw new NotApplicable(`model "${model.id}" is a function without weights: it is not trained but given`);
  }
  const { variables } = layerGraph(built);
  return variables.map(({ variable, ...shape }) => {
    variable.dispose();
    return shape;
  });
}

function buildFunction(
  model: Model,
  built: FunctionModel,
  { inputShape, classes }: ArchitectureRequest<Parameters>,
  weights: Weights | null,
): BuiltNetwork {
  if (weights !== null && weights.entries.length > 0) {
    built.dispose();
    throw new UsageError(`[attribench] model "${model.id}" is a function and takes no weights`);
  }
  return {
    network: functionNetwork(built, inputShape, classes),
    capabilities: ['logits', 'gradient'],
    trainable: null,
    dispose: () => built.dispose(),
  };
}

function setWeights(graph: LayerGraph, weights: Weights): void {
  const entries = matchWeights(weights, graph.variables);
  graph.variables.forEach(({ variable }, i) => {
    const { data, shape } = entries[i] as WeightEntry;
    const value = tf.tensor(data, [...shape]);
    variable.write(value);
    value.dispose();
  });
}

function trainableOf(graph: LayerGraph): Trainable {
  // What a layer's variable reads is a variable of the engine; no layer here constrains what is written to it.
  const those = (trainable: boolean) =>
    graph.variables
      .filter(({ variable }) => variable.trainable === trainable)
      .map(({ variable }) => variable.read() as tf.Variable);
  return {
    variables: those(true),
    statistics: those(false),
    logits: (images, stream, seen) => {
      const values = runGraph(graph, images, { training: true, stream, seen: seen ?? null });
      return valueIn(values)(graph.output) as tf.Tensor2D;
    },
    snapshot: async () =>
      makeWeights(
        await Promise.all(
          graph.variables.map(async ({ name, shape, variable }) => ({
            name,
            shape,
            data: (await variable.read().data<'float32'>()).slice(),
          })),
        ),
      ),
  };
}

function checkShape(model: Model, what: string, shape: tf.Shape | undefined, expected: readonly number[]): void {
  const got = shape?.slice(1) ?? [];
  if (`${got}` !== `${expected}`) {
    throw new UsageError(`[attribench] model "${model.id}": ${what} has shape [n,${got}], expected [n,${expected}]`);
  }
}
