/** Counts the arithmetic of products and convolutions: what a job cannot do without, whatever runs it. */
import { tf } from 'attribench';

type Counted = { readonly shape: readonly number[] };

const sizeOf = ({ shape }: Counted): number => shape.reduce((product, size) => product * size, 1);

/** A filter's multiplications a value of the convolution's output: height x width x channels taken in. */
const reachOf = ({ shape: [height = 1, width = 1, channels = 1] }: Counted): number => height * width * channels;

/** Multiplications with addition of one call of a kernel, from its inputs, attributes and output. */
const MULTIPLICATIONS: {
  readonly [kernel: string]: (
    inputs: { readonly [name: string]: Counted },
    attributes: { readonly [name: string]: unknown },
    output: Counted,
  ) => number;
} = {
  BatchMatMul: product,
  _FusedMatMul: product,
  Conv2D: ({ filter }, _, output) => sizeOf(output) * reachOf(filter as Counted),
  FusedConv2D: ({ filter }, _, output) => sizeOf(output) * reachOf(filter as Counted),
  Conv2DBackpropInput: ({ dy, filter }) => sizeOf(dy as Counted) * reachOf(filter as Counted),
  Conv2DBackpropFilter: ({ dy }, { filterShape }) =>
    sizeOf(dy as Counted) * reachOf({ shape: filterShape as readonly number[] }),
};

function product(
  { a }: { readonly [name: string]: Counted },
  { transposeA }: { readonly [name: string]: unknown },
  output: Counted,
): number {
  return sizeOf(output) * ((a as Counted).shape.at(transposeA === true ? -2 : -1) ?? 1);
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
