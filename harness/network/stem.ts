/**
 * The affine function that a network begins with, cut off from the rest.
 *
 * Sums over many copies of an image may then pass its transpose once, and points of a line need its outputs at the
 * line's ends alone. A dense layer's is one of the large products of a small network.
 */
import type { GradientNetwork, Parameters } from '../contracts.ts';
import * as tf from '../tfjs.js';
import { EVALUATION, linearForward } from './forward.ts';
import type { LayerGraph, LayerNode } from './graph.ts';

/** A graph in two: the rest's logits of the stem's output are the graph's. */
export interface Cut {
  readonly stem: LayerGraph;
  readonly rest: LayerGraph;
}

/** What a network offers of its stem. */
export type StemFunctions = Pick<GradientNetwork, 'stem' | 'stemGradient' | 'stemTransposed'>;

/** Layers without a kernel that are affine in evaluation mode, whatever their settings. */
const AFFINE: ReadonlySet<string> = new Set([
  'AveragePooling2D',
  'BatchNormalization',
  'Cropping2D',
  'Dropout',
  'Flatten',
  'GlobalAveragePooling2D',
  'Permute',
  'Reshape',
  'ZeroPadding2D',
]);

/** Cuts behind the last node that the images reach by affine layers alone and that everything behind it reads alone. */
export function cutGraph(graph: LayerGraph): Cut {
  const [input, ...others] = graph.nodes;
  if (input?.type !== 'InputLayer') throw new Error('[attribench] a layer graph begins without an InputLayer');
  const stem = [input];
  let last: LayerNode = input;
  for (;;) {
    const readers = others.filter(({ inputs }) => inputs.includes(last.name));
    const [next] = readers;
    if (next === undefined || readers.length > 1 || last.name === graph.output) break;
    if (next.inputs.length !== 1 || !isAffine(next.type, next.config)) break;
    stem.push(next);
    last = next;
  }
  const { name, config, outputShape, forward, apply } = last;
  const start: LayerNode = { name, type: 'InputLayer', inputs: [], config, weights: {}, outputShape, forward, apply };
  const rest = others.filter((node) => !stem.includes(node));
  return { stem: { ...graph, nodes: stem, output: name }, rest: { ...graph, nodes: [start, ...rest] } };
}

function isAffine(type: string, config: Parameters): boolean {
  // An activation inside a kernel's layer is a node of its own where the layer is written out here.
  return AFFINE.has(type) || linearForward(type, config) !== undefined;
}

/** The functions of a cut whose parts are run by `run`, and whose rest is differentiated by `gradient`. */
export function stemFunctions(
  { stem }: Cut,
  run: (part: LayerGraph, input: tf.Tensor) => tf.Tensor,
  gradient: StemFunctions['stemGradient'],
): StemFunctions {
  return {
    stem: (images) => tf.tidy(() => tf.clone(run(stem, images))),
    stemGradient: gradient,
    stemTransposed: (gradients) =>
      tf.tidy(() => {
        let arrived = tf.clone(gradients);
        for (let i = stem.nodes.length - 1; i > 0; i--) {
          const [before, node] = stem.nodes.slice(i - 1, i + 1) as [LayerNode, LayerNode];
          arrived = transposed(node, [gradients.shape[0] ?? 0, ...before.outputShape], arrived);
        }
        return arrived as tf.Tensor4D;
      }),
  };
}

/** The stem's functions of a network of which nothing is known to be affine: the images are its outputs. */
export function withoutStem({ inputGradient }: Pick<GradientNetwork, 'inputGradient'>): StemFunctions {
  return {
    stem: (images) => tf.clone(images),
    stemGradient: (images, objective) => inputGradient(images as tf.Tensor4D, objective),
    stemTransposed: (gradients) => tf.clone(gradients) as tf.Tensor4D,
  };
}

function transposed(node: LayerNode, shape: number[], gradients: tf.Tensor): tf.Tensor {
  const { kernel } = node.weights;
  if (node.type === 'Dense' && kernel !== undefined) {
    // Without the forward product that a differentiation would make first.
    const rows = gradients.reshape<tf.Tensor2D>([-1, kernel.shape[1] ?? 0]);
    return tf.matMul(rows, kernel as tf.Tensor2D, false, true).reshape(shape);
  }
  // The gradient of an affine function is the same everywhere.
  return tf.grad((values) => tf.clone(node.forward([values], EVALUATION)))(tf.zeros(shape), gradients);
}
