/** Counts the arithmetic of the products and convolutions that a job of ours calls. */
import { tf } from 'attribench';
import type { Convolution } from './convolutions.ts';

type Shape = readonly number[];
type Counted = { readonly shape: Shape };
type Attributes = { readonly [name: string]: unknown };
type Inputs = { readonly [name: string]: Counted };

/** Multiplications with addition of one call of a product's kernel, from its inputs, attributes and output. */
const PRODUCTS: { readonly [kernel: string]: typeof product } = { BatchMatMul: product, _FusedMatMul: product };

/** The convolution that one call of a kernel computes. */
const CONVOLUTIONS: { readonly [kernel: string]: (i: Inputs, attributes: Attributes) => Convolution } = {
  Conv2D: ({ x, filter }, attributes) => convolution('output', shapeOf(x), shapeOf(filter), attributes),
  FusedConv2D: ({ x, filter }, attributes) => convolution('output', shapeOf(x), shapeOf(filter), attributes),
  Conv2DBackpropInput: ({ filter }, attributes) =>
    convolution('input', attributes.inputShape as Shape, shapeOf(filter), attributes),
  Conv2DBackpropFilter: ({ x }, attributes) =>
    convolution('filter', shapeOf(x), attributes.filterShape as Shape, attributes),
};

const shapeOf = (tensor: Counted | undefined): Shape => tensor?.shape ?? [];

function product({ a }: Inputs, { transposeA }: Attributes, output: Counted): number {
  const size = output.shape.reduce((total, length) => total * length, 1);
  return size * (shapeOf(a).at(transposeA === true ? -2 : -1) ?? 1);
}

function convolution(
  of: Convolution['of'],
  images: Shape,
  filter: Shape,
  { strides, pad, dilations, dimRoundingMode }: Attributes,
): Convolution {
  const { strideHeight, strideWidth, dilationHeight, dilationWidth, padInfo } = tf.backend_util.computeConv2DInfo(
    images as [number, number, number, number],
    filter as [number, number, number, number],
    strides as number,
    (dilations ?? 1) as number,
    pad as 'same',
    dimRoundingMode as 'floor',
  );
  return {
    of,
    images: [...images],
    filter: [...filter],
    strides: [strideHeight, strideWidth],
    dilations: [dilationHeight, dilationWidth],
    pad: pad as Convolution['pad'],
    padding: [padInfo.top, padInfo.bottom, padInfo.left, padInfo.right],
  };
}

/** Floating-point operations of a convolution, and of each of its gradients: what falls on the padding is not counted. */
export function flopOf({ images, filter, strides, dilations, padding }: Convolution): number {
  const [n = 0, ...sides] = images;
  const along = (axis: 0 | 1) => {
    const [size = 0, length = 0] = [filter[axis], sides[axis]];
    const [before, after] = [padding[2 * axis] as number, padding[2 * axis + 1] as number];
    const places = Math.floor((before + length + after - dilations[axis] * (size - 1) - 1) / strides[axis]) + 1;
    return taps(places, size, strides[axis], dilations[axis], before, length);
  };
  return 2 * n * along(0) * along(1) * (filter[2] ?? 0) * (filter[3] ?? 0);
}

/** Pairs of a place of the output and of the filter, along one axis, that meet a place of the input. */
function taps(places: number, size: number, stride: number, dilation: number, padding: number, length: number): number {
  let count = 0;
  for (let place = 0; place < places; place++) {
    for (let tap = 0; tap < size; tap++) {
      const at = place * stride - padding + tap * dilation;
      if (at >= 0 && at < length) count++;
    }
  }
  return count;
}

export interface Arithmetic {
  /** Floating-point operations of the products, two a multiplication with addition. */
  readonly products: number;
  /** Convolutions and their gradients, and how often each is computed. */
  readonly convolutions: readonly { readonly convolution: Convolution; readonly count: number }[];
}

/** Floating-point operations of all of it. */
export function flopOfAll({ products, convolutions }: Arithmetic): number {
  return convolutions.reduce((sum, { convolution, count }) => sum + count * flopOf(convolution), products);
}

/**
 * The products and convolutions that `run` calls on the current backend. Whole graphs hide what they call: they must be off
 * (ATTRIBENCH_GRAPHS).
 */
export async function arithmeticOf(run: () => Promise<void>): Promise<Arithmetic> {
  const restore: (() => void)[] = [];
  let products = 0;
  const convolutions = new Map<string, number>();
  // A kernel may be made of others.
  let depth = 0;
  for (const kernel of tf.getKernelsForBackend(tf.getBackend())) {
    const multiplications = PRODUCTS[kernel.kernelName];
    const convolved = CONVOLUTIONS[kernel.kernelName];
    if (multiplications === undefined && convolved === undefined) continue;
    const { kernelFunc } = kernel;
    kernel.kernelFunc = (request) => {
      depth++;
      try {
        const output = kernelFunc(request);
        const [inputs, attributes] = [request.inputs as never, request.attrs ?? {}];
        if (depth === 1 && multiplications !== undefined) {
          products += 2 * multiplications(inputs, attributes, output as Counted);
        }
        if (depth === 1 && convolved !== undefined) {
          const key = JSON.stringify(convolved(inputs, attributes));
          convolutions.set(key, (convolutions.get(key) ?? 0) + 1);
        }
        return output;
      } finally {
        depth--;
      }
    };
    restore.push(() => {
      kernel.kernelFunc = kernelFunc;
    });
  }
  try {
    await run();
  } finally {
    for (const undo of restore) undo();
  }
  return {
    products,
    convolutions: [...convolutions].map(([key, count]) => ({ convolution: JSON.parse(key) as Convolution, count })),
  };
}
