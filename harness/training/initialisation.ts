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

/** Inputs that one output sums over, and outputs that one input adds to. */
interface Fans {
  readonly in: number;
  readonly out: number;
}

/** Uniform up to a bound, normal of a deviation (cut off at a bound where one is given), or a constant. */
type Law =
  | { readonly uniform: number }
  | { readonly normal: number; readonly within?: number }
  | { readonly constant: number };

type Rule = (fans: Fans) => Law;

/** Of convolutions (depthwise ones too) and dense layers. */
interface Scheme {
  readonly convolution: { readonly kernel: Rule; readonly bias: Rule };
  readonly dense: { readonly kernel: Rule; readonly bias: Rule };
}

const zero: Rule = () => ({ constant: 0 });
const uniform =
  (scale = 1): Rule =>
  (fans) => ({ uniform: scale / Math.sqrt(fans.in) });
const kaiming =
  (side: keyof Fans): Rule =>
  (fans) => ({ normal: Math.sqrt(2 / fans[side]) });
/** torch.nn.init.trunc_normal_ as torchvision's Inception calls it: the bound is 20 deviations away. */
const truncated: Rule = () => ({ normal: 0.1, within: 2 });

const torch = { kernel: uniform(), bias: uniform() };
const small = { kernel: uniform(0.02), bias: uniform(0.02) };

const SCHEMES: { readonly [S in InitialisationScheme]: Scheme } = {
  'torch-linear': { convolution: torch, dense: torch },
  small: { convolution: small, dense: small },
  'torchvision-resnet': { convolution: { kernel: kaiming('out'), bias: uniform() }, dense: torch },
  'torchvision-vgg': {
    convolution: { kernel: kaiming('out'), bias: zero },
    dense: { kernel: () => ({ normal: 0.01 }), bias: zero },
  },
  'torchvision-densenet': {
    convolution: { kernel: kaiming('in'), bias: uniform() },
    dense: { kernel: uniform(), bias: zero },
  },
  'torchvision-inception': {
    convolution: { kernel: truncated, bias: uniform() },
    dense: { kernel: truncated, bias: uniform() },
  },
};

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
 * and bias uniform on +-1/sqrt(fan-in). 'small' is 0.02 times that. The others are those of torchvision
 * 0.29: He et al., ICCV 2015, for convolutions, normal of variance 2 / fan-out ('torchvision-resnet',
 * 'torchvision-vgg') or 2 / fan-in ('torchvision-densenet'), or 0.01 ('torchvision-inception'); what
 * torchvision leaves to PyTorch is as in 'torch-linear'. Batch normalisation: ones and zeros.
 *
 * @throws UsageError for a weight that is neither a kernel, a bias nor of batch normalisation.
 */
export function initialise(model: Model, request: ArchitectureRequest<Parameters>, stream: Stream): Weights {
  const shapes = weightShapes(model, request);
  return makeWeights(shapes.map((weight) => drawWeight(weight, shapes, SCHEMES[model.initialisation], stream)));
}

/** One weight of an architecture whose weights are `shapes`. */
function drawWeight(weight: WeightShape, shapes: readonly WeightShape[], scheme: Scheme, stream: Stream): WeightEntry {
  const { name, shape, layer, short, type } = weight;
  const data = new Float32Array(shape.reduce((product, size) => product * size, 1));
  const constant = CONSTANT.get(short);
  if (constant !== undefined) return { name, shape, data: data.fill(constant) };
  const rules = type === 'Dense' ? scheme.dense : scheme.convolution;
  const law = (short === 'bias' ? rules.bias : rules.kernel)(fansOf(weight, shapes));
  fill(data, law, stream.derive(layer, short));
  return { name, shape, data };
}

function fill(data: Float32Array, law: Law, numbers: Stream): void {
  if ('constant' in law) data.fill(law.constant);
  else if ('uniform' in law) {
    for (let i = 0; i < data.length; i++) data[i] = law.uniform * (2 * numbers.uniform() - 1);
  } else {
    const { normal: deviation, within = Number.POSITIVE_INFINITY } = law;
    for (let i = 0; i < data.length; i++) {
      do data[i] = deviation * numbers.normal();
      while (Math.abs(data[i] as number) > within);
    }
  }
}

/** The fans of the layer that a weight belongs to, by its kernel: all axes but the last two are pixels. */
function fansOf({ name, layer, type }: WeightShape, shapes: readonly WeightShape[]): Fans {
  const kernel = shapes.find((other) => other.layer === layer && /^(kernel|depthwiseKernel)$/.test(other.short));
  if (kernel === undefined || !['Dense', 'Conv1D', 'Conv2D', 'DepthwiseConv2D'].includes(type)) {
    throw new UsageError(
      `[attribench] weight "${name}" of a ${type} layer has no initialisation, expected Dense, convolutions or BatchNormalization`,
    );
  }
  const pixels = kernel.shape.slice(0, -2).reduce((product, size) => product * size, 1);
  const [inputs = 1, outputs = 1] = kernel.shape.slice(-2);
  // As in PyTorch, a grouped convolution's fan-out counts all its outputs: its weight is [outputs, 1, ...].
  if (type === 'DepthwiseConv2D') return { in: pixels, out: pixels * inputs * outputs };
  return { in: pixels * inputs, out: pixels * outputs };
}
