/**
 * Networks that are a chain of flattening, dense layers and ReLUs: what can be stacked, told from the built graph.
 */
import type { ArchitectureRequest, Model, Parameters } from '../contracts.ts';
import { silenceAdvice } from '../engine/cpu.ts';
import * as tf from '../tfjs.js';
import { type LayerGraph, type LayerNode, layerGraph } from './graph.ts';
import type { WeightShape } from './weights.ts';

/** A dense layer of a chain, its weights by name. */
export interface ChainLayer {
  /** [inputs, units] */
  readonly kernel: WeightShape;
  /** [units]; null for a layer without one. */
  readonly bias: WeightShape | null;
  /** Whether a ReLU follows. */
  readonly relu: boolean;
}

/** The dense layers in their order; the first reads the image as one row, the last gives the logits. */
export type DenseChain = readonly ChainLayer[];

/** The chain that a model is, or why it is none in half a sentence. */
export type ChainSearch = { readonly chain: DenseChain } | { readonly chain: null; readonly why: string };

/**
 * Looks at the layer graph that a model builds: input, flattening, dense layers and ReLUs, each read by the next alone,
 * every weight used once, trained, and without a constraint.
 */
export function denseChain(model: Model, request: ArchitectureRequest<Parameters>): ChainSearch {
  silenceAdvice(tf.backend());
  const built = model.build(request);
  if (!(built instanceof tf.LayersModel)) {
    built.dispose();
    return { chain: null, why: 'it is a function' };
  }
  const graph = layerGraph(built);
  const chain = chainOf(graph);
  for (const { variable } of graph.variables) variable.dispose();
  return typeof chain === 'string' ? { chain: null, why: chain } : { chain };
}

function chainOf({ nodes, output, variables }: LayerGraph): DenseChain | string {
  const chain: ChainLayer[] = [];
  let before: LayerNode | undefined;
  for (const node of nodes) {
    const { type, inputs, name, config, outputShape } = node;
    const follows = before === undefined ? inputs.length === 0 : `${inputs}` === before.name;
    if (!follows) return `layer "${name}" does not read the layer before it alone`;
    before = node;
    if (type === 'InputLayer' || type === 'Flatten') continue;
    const last = chain.at(-1);
    if (isRelu(node) && last !== undefined) {
      chain[chain.length - 1] = { ...last, relu: true };
      continue;
    }
    if (type !== 'Dense' || outputShape.length !== 1) return `layer "${name}" is of type ${type}`;
    const own = variables.filter(({ layer }) => layer === name);
    const kernel = own.find(({ short }) => short === 'kernel');
    const bias = own.find(({ short }) => short === 'bias') ?? null;
    if (kernel === undefined) return `layer "${name}" shares its weights`;
    if (
      config.kernelConstraint != null ||
      config.biasConstraint != null ||
      !own.every(({ variable }) => variable.trainable)
    )
      return `the weights of layer "${name}" are constrained or fixed`;
    chain.push({ kernel: shapeOf(kernel), bias: bias && shapeOf(bias), relu: false });
  }
  if (chain.length === 0 || before?.name !== output) return 'it does not end in the last layer of a chain';
  return chain;
}

function isRelu({ type, config }: LayerNode): boolean {
  if (type === 'ReLU') return config.maxValue == null;
  return type === 'Activation' && config.activation === 'relu';
}

function shapeOf({ name, shape, layer, type, short }: WeightShape): WeightShape {
  return { name, shape, layer, type, short };
}
