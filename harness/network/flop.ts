/** How much arithmetic a network is: what its dense and convolutional layers multiply; all else is small beside it. */

import type { ArchitectureRequest, Model, Parameters } from '../contracts.ts';
import { silenceAdvice } from '../engine/cpu.ts';
import * as tf from '../tfjs.js';
import { layerGraph } from './graph.ts';

export interface NetworkSize {
  /** Floating-point operations of one image's forward pass: two a multiplication and addition. */
  readonly forward: number;
  /** Numbers in all weights. */
  readonly parameters: number;
}

/** The size of an architecture; null for a model given as a function. */
export function networkSize(model: Model, request: ArchitectureRequest<Parameters>): NetworkSize | null {
  silenceAdvice(tf.backend());
  const built = model.build(request);
  if (!(built instanceof tf.LayersModel)) {
    built.dispose();
    return null;
  }
  const { nodes, variables } = layerGraph(built);
  const forward = nodes.reduce((sum, { weights, outputShape }) => {
    const kernel = weights.kernel ?? weights.depthwiseKernel;
    if (kernel === undefined) return sum;
    // A kernel is applied once a place of the output: height x width of a convolution, once of a dense layer.
    const places = outputShape.slice(0, -1).reduce((product, size) => product * size, 1);
    return sum + 2 * kernel.size * places;
  }, 0);
  const parameters = variables.reduce((sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1), 0);
  for (const { variable } of variables) variable.dispose();
  return { forward, parameters };
}
