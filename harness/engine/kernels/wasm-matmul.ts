/**
 * Matrix multiplication on wasm: always by XNNPACK.
 *
 * The stock kernel uses XNNPACK only for a single untransposed product and a scalar loop, thirty times
 * slower, for the rest, which is every gradient; its fused form adds a wrong bias on that path. Here
 * transposed sides are transposed in memory first. XNNPACK also rearranges ("packs") the right side, so
 * A·B is computed as (Bᵀ·Aᵀ)ᵀ where that moves fewer numbers: in dY·Wᵀ the large W then stays as it is.
 */
import * as tf from '../../tfjs.js';
import { activate } from './activation.ts';
import { lastTwo, productShape } from './product-shapes.ts';
import { replaceKernel } from './replace.ts';
import { allocate, heapView, tensorId, wasmModule, withAlias } from './wasm-memory.ts';

type Multiply = (
  aId: number,
  aShape: Uint8Array,
  aRank: number,
  bId: number,
  bShape: Uint8Array,
  bRank: number,
  transposeA: boolean,
  transposeB: boolean,
  outId: number,
) => void;

/** A matrix inside a tensor: `start` counts floats. */
interface Matrix {
  readonly tensor: tf.Tensor;
  readonly start: number;
  readonly rows: number;
  readonly columns: number;
}

export function registerMatMul(): void {
  const multiply: Multiply = wasmModule().cwrap('BatchMatMul', null, [
    'number',
    'array',
    'number',
    'number',
    'array',
    'number',
    'number',
    'number',
    'number',
  ]);
  replaceKernel<tf.BatchMatMulInputs & Operands, tf.BatchMatMulAttrs>('wasm', tf.BatchMatMul, ({ a, b }, attributes) =>
    matMul(multiply, a, b, attributes.transposeA, attributes.transposeB),
  );
  replaceKernel<FusedOperands, tf._FusedMatMulAttrs>('wasm', tf._FusedMatMul, (inputs, attributes) => {
    const product = matMul(multiply, inputs.a, inputs.b, attributes.transposeA, attributes.transposeB);
    const shifted = inputs.bias ? tf.add(product, inputs.bias) : product;
    return activate(shifted, attributes.activation, inputs.preluActivationWeights, attributes.leakyreluAlpha);
  });
}

interface Operands {
  readonly a: tf.Tensor;
  readonly b: tf.Tensor;
}

interface FusedOperands extends Operands {
  readonly bias?: tf.Tensor;
  readonly preluActivationWeights?: tf.Tensor;
}

function matMul(multiply: Multiply, a: tf.Tensor, b: tf.Tensor, transposeA: boolean, transposeB: boolean): tf.Tensor {
  if (a.dtype !== 'float32' || b.dtype !== 'float32') {
    throw new Error(`[attribench] matMul on wasm: got ${a.dtype} and ${b.dtype}, expected float32`);
  }
  const [aRows, aColumns] = lastTwo(a);
  const [bRows, bColumns] = lastTwo(b);
  const { m, k, n } = productShape(a, b, transposeA, transposeB);
  const outer = tf.broadcast_util.assertAndGetBroadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
  const shape = [...outer, m, n];
  const batch = tf.util.sizeFromShape(outer);
  if (batch * m * n * k === 0) return tf.zeros(shape);
  const out = allocate(shape);
  const aIndex = broadcastIndex(a.shape.slice(0, -2), outer);
  const bIndex = broadcastIndex(b.shape.slice(0, -2), outer);
  for (let i = 0; i < batch; i++) {
    tf.tidy(() => {
      const left = { tensor: a, start: aIndex(i) * m * k, rows: aRows, columns: aColumns };
      const right = { tensor: b, start: bIndex(i) * k * n, rows: bRows, columns: bColumns };
      const product = { tensor: out, start: i * m * n, rows: m, columns: n };
      const asWritten = (transposeA ? m * k : 0) + (transposeB ? k * n : 0) + k * n;
      const swapped = (transposeA ? 0 : m * k) + (transposeB ? 0 : k * n) + m * k + m * n;
      if (asWritten <= swapped) {
        multiplyInto(multiply, product, transposeA ? transposed(left) : left, transposeB ? transposed(right) : right);
      } else {
        const flipped = { tensor: allocate([n, m]), start: 0, rows: n, columns: m };
        multiplyInto(multiply, flipped, transposeB ? right : transposed(right), transposeA ? left : transposed(left));
        transposeInto(product, flipped);
      }
    });
  }
  return out;
}

/** Shapes in which matrices were first used under their own id; see wasm-memory.ts on the operator cache. */
const firstUse = new WeakMap<object, string>();

function multiplyInto(multiply: Multiply, out: Matrix, left: Matrix, right: Matrix): void {
  const call = (leftId: number, rightId: number, outId: number) =>
    multiply(
      leftId,
      bytes([1, left.rows, left.columns]),
      3,
      rightId,
      bytes([1, right.rows, right.columns]),
      3,
      false,
      false,
      outId,
    );
  withId(left, (leftId) =>
    withId(out, (outId) => {
      const shape = `${right.rows}x${right.columns}`;
      const first = firstUse.get(right.tensor.dataId);
      if (isWhole(right) && (first === undefined || first === shape)) {
        // A weight matrix multiplies many batches: under its own id it is packed once.
        firstUse.set(right.tensor.dataId, shape);
        call(leftId, tensorId(right.tensor), outId);
      } else {
        withAlias(right.tensor, right.start, size(right), (rightId) => call(leftId, rightId, outId));
      }
    }),
  );
}

/** Left sides and results have no cached operators: their own id will do where they are the whole tensor. */
function withId(matrix: Matrix, use: (id: number) => void): void {
  if (isWhole(matrix)) use(tensorId(matrix.tensor));
  else withAlias(matrix.tensor, matrix.start, size(matrix), use);
}

function isWhole(matrix: Matrix): boolean {
  return size(matrix) === matrix.tensor.size;
}

function size(matrix: Matrix): number {
  return matrix.rows * matrix.columns;
}

function transposed(matrix: Matrix): Matrix {
  const { rows, columns } = matrix;
  const result = { tensor: allocate([columns, rows]), start: 0, rows: columns, columns: rows };
  transposeInto(result, matrix);
  return result;
}

/** Square blocks, so that both sides stay in the cache: twice as fast as the stock kernel. */
const BLOCK = 16;

function transposeInto(target: Matrix, source: Matrix): void {
  const { rows, columns } = source;
  const to = heapView(target.tensor).subarray(target.start, target.start + size(target));
  const from = heapView(source.tensor).subarray(source.start, source.start + size(source));
  for (let top = 0; top < rows; top += BLOCK) {
    const bottom = Math.min(rows, top + BLOCK);
    for (let left = 0; left < columns; left += BLOCK) {
      const right = Math.min(columns, left + BLOCK);
      for (let row = top; row < bottom; row++) {
        for (let column = left; column < right; column++) {
          to[column * rows + row] = from[row * columns + column] as number;
        }
      }
    }
  }
}

/** From an index into the broadcast outer shape to one into an operand's own. */
function broadcastIndex(own: readonly number[], outer: readonly number[]): (index: number) => number {
  const missing = outer.length - own.length;
  return (index) => {
    let rest = index;
    let result = 0;
    let stride = 1;
    for (let axis = outer.length - 1; axis >= 0; axis--) {
      const length = outer[axis] ?? 1;
      const ownLength = axis < missing ? 1 : (own[axis - missing] ?? 1);
      if (ownLength > 1) result += (rest % length) * stride;
      stride *= ownLength;
      rest = Math.floor(rest / length);
    }
    return result;
  };
}

function bytes(shape: readonly number[]): Uint8Array {
  return new Uint8Array(Int32Array.from(shape).buffer);
}
