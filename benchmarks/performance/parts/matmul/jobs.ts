/** What is timed on each engine: one entry a job. A job says how much arithmetic one call is. */
import { tf } from 'attribench';
import type { DatasetContent, ImageShape, Split } from '../../../../harness/contracts.ts';
import { buildNetwork } from '../../../../harness/network/build.ts';
import { stream } from '../../../../harness/random.ts';
import { DESCENT, descend } from '../../../../harness/training/gradient-descent.ts';
import { initialise } from '../../../../harness/training/initialisation.ts';
import mlp from '../../../../models/mlp.ts';

export interface Job {
  readonly id: string;
  readonly title: string;
  /** Floating-point operations of one unit of work. */
  readonly flop: number;
  /** Units of work (training steps, say) in one call. */
  readonly units: number;
  readonly kind: 'product' | 'convolution' | 'step';
  readonly run: () => Promise<void>;
  readonly dispose: () => void;
}

const BATCH = 256;
const STEPS = 6;
const CLASSES = 10;

/** benchmarks/peers/operations.py has the same ones. */
const CONVOLUTIONS: readonly Convolution[] = [
  { kernel: 3, from: 64, to: 64, stride: 1 },
  { kernel: 3, from: 64, to: 128, stride: 2 },
  { kernel: 1, from: 64, to: 128, stride: 1 },
];
const IMAGES = 16;
const SIDE = 28;

/** Makes a job's data on the current engine; one at a time, to keep memory small. */
export const jobs: readonly (() => Job)[] = [
  () => product(1024, 1024, 1024),
  () => product(BATCH, 1568, 1568),
  () => product(1568, BATCH, 1568, { transposeA: true }),
  () => product(BATCH, 1568, 1568, { transposeB: true }),
  ...(['forward', 'input', 'filter'] as const).flatMap((pass) =>
    CONVOLUTIONS.map((convolution) => () => convolved(convolution, pass)),
  ),
  () => trainingStep([28, 28, 1]),
  () => trainingStep([56, 28, 1]),
];

/** A square convolution of 16 images of 28 x 28 pixels, padded to keep their size at stride 1. */
interface Convolution {
  readonly kernel: number;
  readonly from: number;
  readonly to: number;
  readonly stride: number;
}

/** [m, k] times [k, n]; a transposed side is stored the other way round, as in a layer's two gradients. */
function product(
  m: number,
  k: number,
  n: number,
  { transposeA = false, transposeB = false }: { transposeA?: boolean; transposeB?: boolean } = {},
): Job {
  const numbers = stream('performance', 'product', m, k, n);
  const matrix = (rows: number, columns: number) =>
    tf.tensor2d(numbers.uniforms(rows * columns, -1, 1), [rows, columns]);
  const a = transposeA ? matrix(k, m) : matrix(m, k);
  const b = transposeB ? matrix(n, k) : matrix(k, n);
  const side = (name: string, transposed: boolean) => (transposed ? `${name}ᵀ` : name);
  return {
    id: `product-${m}-${k}-${n}${transposeA ? '-a' : ''}${transposeB ? '-b' : ''}`,
    title: `matMul ${side('A', transposeA)}·${side('B', transposeB)}, ${m} x ${k} x ${n}`,
    flop: 2 * m * k * n,
    units: 1,
    kind: 'product',
    run: () => finished(tf.matMul(a, b, transposeA, transposeB)),
    dispose: () => tf.dispose([a, b]),
  };
}

/** Waits for a result, of which one number is read: some engines return before they have computed. */
async function finished(result: tf.Tensor): Promise<void> {
  const one = tf.tidy(() => tf.slice(tf.reshape(result, [-1]), 0, 1));
  await one.data();
  tf.dispose([result, one]);
}

/** One pass of a convolution alone: its outputs, or the gradient of its input or of its filter. */
function convolved({ kernel, from, to, stride }: Convolution, pass: 'forward' | 'input' | 'filter'): Job {
  const numbers = stream('performance', 'convolution', kernel, from, to, stride);
  const tensor = (name: string, shape: [number, number, number, number]) =>
    tf.tensor4d(numbers.derive(name).uniforms(tf.util.sizeFromShape(shape), -1, 1), shape);
  const x = tensor('images', [IMAGES, SIDE, SIDE, from]);
  const filter = tensor('filter', [kernel, kernel, from, to]);
  const side = SIDE / stride;
  const dy = tensor('gradients', [IMAGES, side, side, to]);
  const padding = (kernel - 1) / 2;
  // In front, as the models have it and as PyTorch pads: with a stride 'same' pads the lower right alone.
  const padded = (images: tf.Tensor4D) =>
    padding === 0
      ? images
      : tf.pad(images, [
          [0, 0],
          [padding, padding],
          [padding, padding],
          [0, 0],
        ]);
  const forward = (images: tf.Tensor4D, weights: tf.Tensor4D) => tf.conv2d(padded(images), weights, stride, 'valid');
  const passes = {
    forward: () => forward(x, filter),
    input: () => tf.grad((images) => forward(images as tf.Tensor4D, filter))(x, dy),
    filter: () => tf.grad((weights) => forward(x, weights as tf.Tensor4D))(filter, dy),
  };
  const products = kernel * kernel * from * to * IMAGES * side * side;
  const names = { forward: 'forward', input: 'gradient of the input', filter: 'gradient of the filter' };
  return {
    id: `convolution-${kernel}-${from}-${to}-${stride}-${pass}`,
    title: `convolution ${kernel} x ${kernel}, ${from} to ${to} channels, stride ${stride}, ${names[pass]}`,
    // A gradient is taken of a forward pass: both are timed and counted.
    flop: 2 * products * (pass === 'forward' ? 1 : 2),
    units: 1,
    kind: 'convolution',
    run: () => finished(tf.tidy(passes[pass])),
    dispose: () => tf.dispose([x, filter, dy]),
  };
}

/** Steps of the real training loop: batches, forward and backward pass, momentum and weight decay. */
function trainingStep(inputShape: ImageShape): Job {
  const architecture = { inputShape, classes: CLASSES, parameters: {} };
  const numbers = stream('performance', 'training');
  const weights = initialise(mlp, architecture, numbers.derive('initialisation'));
  const { trainable, dispose } = buildNetwork(mlp, architecture, weights);
  if (trainable === null) throw new Error('[attribench] the MLP cannot be trained');
  const parameters = weights.entries.reduce((sum, entry) => sum + entry.data.length, 0);
  const size = inputShape[0] * inputShape[1] * inputShape[2];
  const data = syntheticData(numbers.derive('data'), inputShape);
  const settings = { ...DESCENT, learningRate: 0.01, epochs: 1, stopBelow: 0 };
  return {
    id: `mlp-${size}-step`,
    title: `training step, MLP ${size}-${size}-${size}-${CLASSES}, batch ${BATCH}`,
    // Forward, gradient of the weights and gradient of what a layer reads, which the first layer is spared.
    flop: (6 * parameters - 2 * size * size) * BATCH,
    units: STEPS,
    kind: 'step',
    run: async () => {
      const signal = new AbortController().signal;
      await descend({ trainable, data, settings, adversary: null, stream: numbers, signal, progress: () => {} });
    },
    dispose,
  };
}

function syntheticData(numbers: ReturnType<typeof stream>, shape: ImageShape): DatasetContent {
  const images = BATCH * STEPS;
  const size = shape[0] * shape[1] * shape[2];
  const split: Split = {
    images: numbers.uniforms(images * size),
    labels: Int32Array.from({ length: images }, (_, i) => i % CLASSES),
  };
  const classes = Array.from({ length: CLASSES }, (_, i) => String(i));
  return {
    shape,
    classes,
    bounds: { low: 0, high: 1 },
    splits: { train: split, validation: split, test: split },
  };
}
