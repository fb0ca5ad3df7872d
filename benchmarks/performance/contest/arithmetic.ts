/** Counts the arithmetic of the products and convolutions that a job of ours calls. */
import { tf } from 'attribench';

type Shape = readonly number[];
type Counted = { readonly shape: Shape };
type Attributes = { readonly [name: string]: unknown };
type Inputs = { readonly [name: string]: Counted };

/** Multiplications with addition of one call of a kernel, from its inputs, attributes and output. */
const MULTIPLICATIONS: { readonly [kernel: string]: (i: Inputs, attributes: Attributes, output: Counted) => number } = {
  BatchMatMul: product,
  _FusedMatMul: product,
  Conv2D: ({ x, filter }, attributes) => convolution(shapeOf(x), shapeOf(filter), attributes),
  FusedConv2D: ({ x, filter }, attributes) => convolution(shapeOf(x), shapeOf(filter), attributes),
  Conv2DBackpropInput: ({ filter }, attributes) =>
    convolution(attributes.inputShape as Shape, shapeOf(filter), attributes),
  Conv2DBackpropFilter: ({ x }, attributes) => convolution(shapeOf(x), attributes.filterShape as Shape, attributes),
};

const shapeOf = (tensor: Counted | undefined): Shape => tensor?.shape ?? [];

function product({ a }: Inputs, { transposeA }: Attributes, output: Counted): number {
  const size = output.shape.reduce((total, length) => total * length, 1);
  return size * (shapeOf(a).at(transposeA === true ? -2 : -1) ?? 1);
}

/** The same of a convolution and of its gradients: what falls on the padding is not counted. */
function convolution(x: Shape, filter: Shape, { strides, pad, dilations, dimRoundingMode }: Attributes): number {
  const found = tf.backend_util.computeConv2DInfo(
    x as [number, number, number, number],
    filter as [number, number, number, number],
    strides as number,
    (dilations ?? 1) as number,
    pad as 'same',
    dimRoundingMode as 'floor',
  );
  const { batchSize, inChannels, outChannels, padInfo } = found;
  const down = taps(
    found.outHeight,
    found.filterHeight,
    found.strideHeight,
    found.dilationHeight,
    padInfo.top,
    found.inHeight,
  );
  const across = taps(
    found.outWidth,
    found.filterWidth,
    found.strideWidth,
    found.dilationWidth,
    padInfo.left,
    found.inWidth,
  );
  return batchSize * down * across * inChannels * outChannels;
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

/**
 * Floating-point operations, two a multiplication with addition, of the products and convolutions that `run` calls on the
 * current backend. Whole graphs hide what they call: they must be off (ATTRIBENCH_GRAPHS).
 */
export async function arithmeticOf(run: () => Promise<void>): Promise<number> {
  const restore: (() => void)[] = [];
  let count = 0;
  // A kernel may be made of others.
  let depth = 0;
  for (const kernel of tf.getKernelsForBackend(tf.getBackend())) {
    const multiplications = MULTIPLICATIONS[kernel.kernelName];
    if (multiplications === undefined) continue;
    const { kernelFunc } = kernel;
    kernel.kernelFunc = (request) => {
      depth++;
      try {
        const output = kernelFunc(request);
        if (depth === 1) count += 2 * multiplications(request.inputs as never, request.attrs ?? {}, output as Counted);
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
  return count;
}
