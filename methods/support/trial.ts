/**
 * For the methods' own tests: maps on networks with known answers.
 */
import { defineModel, type ImageShape, type Method, type Parameters, stream, type tf } from 'attribench';
import { expect } from 'vitest';
import { buildNetwork } from '../../harness/network/build.ts';
import type { DenseNetwork } from '../../harness/vitest/conformance/dense.ts';
import { buildConvolutional } from '../../harness/vitest/conformance/networks.ts';
import { explainDense, subject } from '../../harness/vitest/conformance/subject.ts';

interface Trial {
  /** Image values in row-major order, one list an image. */
  readonly images: readonly (readonly number[])[];
  /** By default class 0 for every image. */
  readonly classes?: readonly number[];
  /** By default one row of single-channel pixels. */
  readonly shape?: ImageShape;
  readonly parameters?: Parameters;
}

/** Maps on a ReLU network of these layers, one list an image. */
export function mapsOnLayers(method: Method, layers: DenseNetwork, trial: Trial): Promise<number[][]> {
  const { images, classes = images.map(() => 0), shape = [1, images[0]?.length ?? 0, 1], parameters } = trial;
  return explainDense(subject(method, parameters), shape, layers, images, classes);
}

/** Maps on a network whose one logit is a function of the flattened images [n, size]. */
export async function mapsOnFunction(
  method: Method,
  logit: (images: tf.Tensor2D) => tf.Tensor,
  trial: Trial,
): Promise<number[][]> {
  const { images, classes = images.map(() => 0), shape = [1, images[0]?.length ?? 0, 1], parameters } = trial;
  const model = defineModel({
    id: 'function',
    title: 'Function',
    cite: 'none',
    revision: 1,
    build: () => ({
      logits: (batch) => logit(batch.reshape([batch.shape[0], -1])).reshape([batch.shape[0], 1]),
      dispose: () => {},
    }),
  });
  const built = buildNetwork(model, { inputShape: shape, classes: 1, parameters: {} }, null);
  return subject(method, parameters).attribute({ network: built.network, images, classes });
}

/** Maps on a small residual convolutional network: for methods that decline dense layers. */
export async function mapsOnConvolutions(
  method: Method,
  trial: Trial & { readonly shape: ImageShape },
): Promise<number[][]> {
  const { images, classes = images.map(() => 0), shape, parameters } = trial;
  const built = buildConvolutional(shape, 3, stream('trial', 5));
  try {
    return await subject(method, parameters).attribute({ network: built.network, images, classes });
  } finally {
    built.dispose();
  }
}

/** Logits w_c x + b_c of three pixels: w_0 = (1, 2, -3) with b_0 = 7, w_1 = (-4, 5, 0.5) with b_1 = 8. */
export const linear: DenseNetwork = [
  {
    kernel: [
      [1, -4],
      [2, 5],
      [-3, 0.5],
    ],
    bias: [7, 8],
  },
];

/** An image for each class of it. */
export const onLinear = {
  images: [
    [1, 2, 3],
    [0, -1, 2],
  ],
  classes: [0, 1],
} as const satisfies Trial;

/** f(x) = slope * min(x_0, threshold), as 1 ReLU: flat beyond the threshold. */
export const saturating = (threshold: number, slope = 1): DenseNetwork => [
  { kernel: [[-1]], bias: [threshold] },
  { kernel: [[-slope]], bias: [slope * threshold] },
];

/** Expects numbers equal to `digits` decimals, entry by entry. */
export function expectClose(got: readonly number[] | undefined, expected: readonly number[], digits = 5): void {
  expect(got).toHaveLength(expected.length);
  for (const [i, value] of expected.entries()) expect(got?.[i], `entry ${i}`).toBeCloseTo(value, digits);
}
