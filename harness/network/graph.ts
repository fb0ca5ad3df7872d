/**
 * The layer graph of a tf.LayersModel: nodes in topological order, one for each use of a layer.
 *
 * Models used as layers are opened up, and an activation inside a Dense or convolution becomes a
 * node of its own, so that rules meet each operation by itself. One input and one output.
 */
import type { GraphNode, Parameters } from '../contracts.ts';
import { UsageError } from '../errors.ts';
import * as tf from '../tfjs.js';
import { EVALUATION, type Forward, layerForward, type Mode, SPLIT_ACTIVATION } from './forward.ts';
import type { WeightShape } from './weights.ts';

/** A variable of a layer under its stable name. */
export interface GraphVariable extends WeightShape {
  readonly variable: tf.LayerVariable;
}

export interface LayerNode extends GraphNode {
  readonly forward: Forward;
}

export interface LayerGraph {
  readonly nodes: readonly LayerNode[];
  /** The name of the node whose output is the logits. */
  readonly output: string;
  /** Every variable once, in the order of first use. */
  readonly variables: readonly GraphVariable[];
}

export function layerGraph(model: tf.LayersModel): LayerGraph {
  const builder = new GraphBuilder();
  const [input] = model.inputs;
  const [output] = model.outputs;
  if (input === undefined || output === undefined || model.inputs.length !== 1 || model.outputs.length !== 1) {
    throw new UsageError(
      `[attribench] model "${model.name}" has ${model.inputs.length} inputs and ${model.outputs.length} outputs, expected one of each`,
    );
  }
  const known = new Map([[input.id, builder.addInput(input)]]);
  return { output: builder.visit(output, known), nodes: builder.nodes, variables: builder.variables };
}

/**
 * Runs the graph and returns every node's output by name; call it inside tf.tidy.
 *
 * `adjust` may replace a node's output before others read it.
 */
export function runGraph(
  graph: LayerGraph,
  images: tf.Tensor,
  mode: Mode,
  adjust: (name: string, output: tf.Tensor) => tf.Tensor = (_, output) => output,
): Map<string, tf.Tensor> {
  const values = new Map<string, tf.Tensor>();
  for (const node of graph.nodes) {
    const output = node.type === 'InputLayer' ? images : node.forward(node.inputs.map(valueIn(values)), mode);
    values.set(node.name, adjust(node.name, output));
  }
  return values;
}

/**
 * The named nodes' outputs in evaluation mode, which nothing differentiates; call it inside tf.tidy.
 *
 * Runs no node behind the last one named, and frees each value after its last reader: memory that is used again at once
 * costs the operating system nothing.
 */
export function outputsOf(graph: LayerGraph, images: tf.Tensor, names: readonly string[]): tf.Tensor[] {
  const end = graph.nodes.findLastIndex(({ name }) => names.includes(name));
  const nodes = graph.nodes.slice(0, end + 1);
  const lastReaders = new Map(nodes.flatMap(({ inputs, name }) => inputs.map((input) => [input, name])));
  const values = new Map<string, tf.Tensor>();
  for (const node of nodes) {
    const output = node.type === 'InputLayer' ? images : node.forward(node.inputs.map(valueIn(values)), EVALUATION);
    values.set(node.name, output);
    for (const name of node.inputs) {
      const value = values.get(name);
      if (value === undefined || names.includes(name) || lastReaders.get(name) !== node.name) continue;
      values.delete(name);
      // An identity hands its input on.
      if (value !== images && ![...values.values()].includes(value)) value.dispose();
    }
  }
  return names.map(valueIn(values));
}

/** The lookup of a node's value by name. */
export function valueIn(values: ReadonlyMap<string, tf.Tensor>): (name: string) => tf.Tensor {
  return (name) => {
    const value = values.get(name);
    if (value === undefined) {
      throw new UsageError(`[attribench] the network has no node "${name}", expected one of: ${[...values.keys()]}`);
    }
    return value;
  };
}

class GraphBuilder {
  readonly nodes: LayerNode[] = [];
  readonly variables: GraphVariable[] = [];
  readonly #uses = new Map<tf.layers.Layer, number>();
  readonly #owners = new Map<string, tf.layers.Layer>();

  addInput(tensor: tf.SymbolicTensor): string {
    const layer = tensor.sourceLayer;
    const forward: Forward = ([images]) => images as tf.Tensor;
    return this.#add(layer, 'InputLayer', this.#nameUse(layer), [], jsonOf(layer.getConfig()), tensor.shape, forward);
  }

  /** The name of the node that makes a tensor, added with all that it needs. */
  visit(tensor: tf.SymbolicTensor, known: Map<number, string>): string {
    const seen = known.get(tensor.id);
    if (seen !== undefined) return seen;
    const layer = tensor.sourceLayer;
    const use = layer.inboundNodes[tensor.nodeIndex];
    if (use === undefined || (tensor.tensorIndex !== 0 && !(layer instanceof tf.LayersModel))) {
      throw new UsageError(`[attribench] layer "${layer.name}" has several outputs, expected one`);
    }
    const inputs = use.inputTensors.map((input) => this.visit(input, known));
    const name =
      layer instanceof tf.LayersModel ? this.#open(layer, tensor, inputs) : this.#place(layer, tensor, inputs);
    known.set(tensor.id, name);
    return name;
  }

  /** A model used as a layer: its own graph, with its inputs standing for the given nodes. */
  #open(model: tf.LayersModel, tensor: tf.SymbolicTensor, inputs: readonly string[]): string {
    const known = new Map<number, string>();
    model.inputs.forEach((input, i) => {
      const name = inputs[i];
      if (name !== undefined) known.set(input.id, name);
    });
    const output = model.outputs[tensor.tensorIndex];
    if (output === undefined) throw new UsageError(`[attribench] model "${model.name}" used as a layer has no output`);
    return this.visit(output, known);
  }

  #place(layer: tf.layers.Layer, tensor: tf.SymbolicTensor, inputs: readonly string[]): string {
    const type = layer.getClassName();
    const config = jsonOf(layer.getConfig());
    const { activation } = config;
    const split = SPLIT_ACTIVATION.has(type) && typeof activation === 'string' && activation !== 'linear';
    const own = split ? { ...config, activation: 'linear' } : config;
    const suffix = this.#nameUse(layer);
    const weights = this.#weightsOf(layer, type);
    const forward = layerForward(layer, type, own, weights);
    const name = this.#add(layer, type, suffix, inputs, own, tensor.shape, forward, weights);
    if (!split) return name;
    const after = tf.layers.activation({ activation: activation as 'relu', name: `${layer.name}/activation` });
    const afterConfig = jsonOf(after.getConfig());
    const afterForward = layerForward(after, 'Activation', afterConfig, () => ({}));
    return this.#add(after, 'Activation', suffix, [name], afterConfig, tensor.shape, afterForward);
  }

  #add(
    layer: tf.layers.Layer,
    type: string,
    suffix: string,
    inputs: readonly string[],
    config: Parameters,
    shape: tf.Shape,
    forward: Forward,
    weights: () => { readonly [name: string]: tf.Tensor } = () => ({}),
  ): string {
    const name = `${layer.name}${suffix}`;
    this.nodes.push({
      name,
      type,
      inputs,
      config,
      get weights() {
        return weights();
      },
      outputShape: shape.slice(1).map(Number),
      forward,
      // An identity hands its input back: cloned, so that it can be differentiated and disposed.
      apply: (values) => {
        const output = forward(values, EVALUATION);
        return values.includes(output) ? tf.clone(output) : output;
      },
    });
    return name;
  }

  /** '' for a layer's first use, then '#1', '#2'. */
  #nameUse(layer: tf.layers.Layer): string {
    const owner = this.#owners.get(layer.name);
    if (owner !== undefined && owner !== layer) {
      throw new UsageError(`[attribench] two layers are named "${layer.name}", expected names of their own`);
    }
    this.#owners.set(layer.name, layer);
    const uses = this.#uses.get(layer) ?? 0;
    this.#uses.set(layer, uses + 1);
    return uses === 0 ? '' : `#${uses}`;
  }

  #weightsOf(layer: tf.layers.Layer, type: string): () => { readonly [name: string]: tf.Tensor } {
    const named = layer.weights.map((variable) => ({ variable, short: shortName(variable.originalName) }));
    if ((this.#uses.get(layer) ?? 0) <= 1) {
      for (const { variable, short } of named) {
        const shape = variable.shape.map(Number);
        this.variables.push({ name: `${layer.name}/${short}`, shape, layer: layer.name, type, short, variable });
      }
    }
    return () => Object.fromEntries(named.map(({ variable, short }) => [short, variable.read()]));
  }
}

/** `dense_1/moving_mean` -> `movingMean`. */
function shortName(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1).replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function jsonOf(config: object): Parameters {
  return JSON.parse(JSON.stringify(config));
}
