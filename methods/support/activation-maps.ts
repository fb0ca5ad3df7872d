/**
 * The layer that activation methods look at, and maps of its size stretched to the image's.
 */
import { classLogit, type GraphNode, type LayersNetwork, NotApplicable, tf, UsageError } from 'attribench';

/** What the parameter `layer` of activation methods means; see spatialNode. */
export const LAYER_ABOUT = {
  layer:
    'node of the layer graph whose output is A; "auto": the last one with spatial extent that comes out of a convolution',
};

/** The part of an attribution request that activation methods need. */
export interface ActivationRequest {
  readonly network: LayersNetwork;
  readonly images: tf.Tensor4D;
  readonly classes: tf.Tensor1D;
}

/** The layer's activations A and d logit_c / dA, [n, height', width', K] each; see spatialNode for `layer`. */
export function activationsAndGradients(
  method: string,
  { network, images, classes }: ActivationRequest,
  layer: string,
): { activations: tf.Tensor4D; gradients: tf.Tensor4D } {
  const nodes = [spatialNode(method, network, layer)];
  const found = network.activationsAndGradients(images, nodes, classLogit(classes));
  return { activations: found.activations[0] as tf.Tensor4D, gradients: found.gradients[0] as tf.Tensor4D };
}

/**
 * The name of the node to look at: `layer`, or for 'auto' the last one with spatial extent, that is, with an output
 * [height, width, channels] of more than one pixel that comes out of a convolution.
 *
 * @throws NotApplicable for 'auto' where there is none, as in an MLP; UsageError where `layer` names no such node.
 */
export function spatialNode(method: string, { graph }: LayersNetwork, layer: string): string {
  if (layer === 'auto') {
    const convolved = behindConvolutions(graph);
    const last = graph.findLast((node) => convolved.has(node.name) && isSpatial(node));
    if (last !== undefined) return last.name;
    throw new NotApplicable(`[attribench] method "${method}" needs a convolutional layer, the network has none`);
  }
  const named = graph.find(({ name }) => name === layer);
  if (named !== undefined && isSpatial(named)) return layer;
  const spatial = graph.filter((node) => node.type !== 'InputLayer' && isSpatial(node)).map(({ name }) => name);
  throw new UsageError(
    `[attribench] method "${method}": layer is ${JSON.stringify(layer)}, expected "auto" or a node with spatial extent: ${spatial.join(', ') || 'the network has none'}`,
  );
}

function isSpatial({ outputShape: [height = 1, width = 1, ...channels] }: GraphNode): boolean {
  return channels.length === 1 && height * width > 1;
}

/** Names of the nodes that are convolutions or read one, directly or not. */
function behindConvolutions(graph: readonly GraphNode[]): Set<string> {
  const names = new Set<string>();
  for (const { name, type, inputs } of graph) {
    if (type.includes('Conv') || inputs.some((input) => names.has(input))) names.add(name);
  }
  return names;
}

/** Maps [n, height', width', channels] stretched bilinearly to the images' size, pixel centres at (i + 1/2) / size. */
export function stretchTo(maps: tf.Tensor4D, images: tf.Tensor4D): tf.Tensor4D {
  const [, height, width] = images.shape;
  return tf.image.resizeBilinear(maps, [height, width], false, true);
}
