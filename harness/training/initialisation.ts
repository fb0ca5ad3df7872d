/**
 * Initial weights from our own streams; tf.layers initialisers are never used, as they call Math.random.
 *
 * Every weight of every layer has a stream of its own, named by the layer and the weight: adding or
 * re-ordering layers moves no other layer's numbers, and one layer can be drawn anew by itself.
 */
import type {
  ArchitectureRequest,
  InitialisationScheme,
  Model,
  Parameters,
  WeightEntry,
  Weights,
} from '../contracts.ts';
import { UsageError } from '../errors.ts';
import { weightShapes } from '../network/build.ts';
import { makeWeights, type WeightShape } from '../network/weights.ts';
import type { Stream } from '../random.ts';

const SCALE: { readonly [S in InitialisationScheme]: number } = { 'torch-linear': 1, small: 0.02 };

/** What starts as a constant: PyTorch's defaults of batch normalisation. */
const CONSTANT = new Map([
  ['gamma', 1],
  ['beta', 0],
  ['movingMean', 0],
  ['movingVariance', 1],
]);

/**
 * Draws a model's initial weights by its `initialisation` scheme.
 *
 * 'torch-linear' is PyTorch's default for Linear and Conv2d (torch.nn.Linear.reset_parameters): kernel
 * and bias uniform on +-1/sqrt(fan-in). 'small' is 0.02 times that. Batch normalisation: ones and zeros.
 *
 * @throws UsageError for a weight that is neither a kernel, a bias nor of batch normalisation.
 */
export function initialise(model: Model, request: ArchitectureRequest<Parameters>, stream: Stream): Weights {
  const shapes = weightShapes(model, request);
  return makeWeights(shapes.map((weight) => drawWeight(weight, shapes, model.initialisation, stream)));
}

/** One weight of an architecture whose weights are `shapes`. */
function drawWeight(
  weight: WeightShape,
  shapes: readonly WeightShape[],
  scheme: InitialisationScheme,
  stream: Stream,
): WeightEntry {
  const { name, shape, layer, short } = weight;
  const data = new Float32Array(shape.reduce((product, size) => product * size, 1));
  const constant = CONSTANT.get(short);
  if (constant !== undefined) return { name, shape, data: data.fill(constant) };
  const bound = SCALE[scheme] / Math.sqrt(fanIn(weight, shapes));
  const numbers = stream.derive(layer, short);
  for (let i = 0; i < data.length; i++) data[i] = bound * (2 * numbers.uniform() - 1);
  return { name, shape, data };
}

/** Inputs that one output sums over: all axes of the layer's kernel but the last. */
function fanIn({ name, layer, type }: WeightShape, shapes: readonly WeightShape[]): number {
  const kernel = shapes.find((other) => other.layer === layer && /^(kernel|depthwiseKernel)$/.test(other.short));
  if (kernel === undefined || !['Dense', 'Conv1D', 'Conv2D', 'DepthwiseConv2D'].includes(type)) {
    throw new UsageError(
      `[attribench] weight "${name}" of a ${type} layer has no initialisation, expected Dense, convolutions or BatchNormalization`,
    );
  }
  const summed = type === 'DepthwiseConv2D' ? kernel.shape.slice(0, 2) : kernel.shape.slice(0, -1);
  return summed.reduce((product, size) => product * size, 1);
}
