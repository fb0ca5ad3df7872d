/** What a matrix product needs of its sides. */
import type * as tf from '@tensorflow/tfjs';

/** The last two axes of a side, as they lie in memory. */
export function lastTwo({ shape }: tf.Tensor): readonly [rows: number, columns: number] {
  return [shape.at(-2) ?? 1, shape.at(-1) ?? 1];
}

export interface ProductShape {
  readonly m: number;
  readonly k: number;
  readonly n: number;
}

/** [m, k] times [k, n]. Errors: Error where the sides do not fit, which TensorFlow.js leaves to the kernels to see. */
export function productShape(a: tf.Tensor, b: tf.Tensor, transposeA: boolean, transposeB: boolean): ProductShape {
  const [m, k] = transposeA ? turned(lastTwo(a)) : lastTwo(a);
  const [inner, n] = transposeB ? turned(lastTwo(b)) : lastTwo(b);
  if (k === inner) return { m, k, n };
  const shown = ({ shape }: tf.Tensor, transposed: boolean) => `[${shape}]${transposed ? ' transposed' : ''}`;
  throw new Error(
    `[attribench] matMul: got ${shown(a, transposeA)} times ${shown(b, transposeB)}, expected equal inner lengths, not ${k} and ${inner}`,
  );
}

const turned = ([rows, columns]: readonly [number, number]) => [columns, rows] as const;
