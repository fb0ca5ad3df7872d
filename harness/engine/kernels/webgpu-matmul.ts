/**
 * Matrix products on WebGPU that give the same bits every time.
 *
 * Where the result is small and the inner length large, the stock kernel splits the inner length and adds
 * the parts atomically, in whatever order they end. Here the parts are a batch of products, added in order.
 * Stock also refuses to repeat both sides' outer axes, and empty products.
 */
import { webgpu_util } from '@tensorflow/tfjs-backend-webgpu';
import * as tf from '../../tfjs.js';
import { activate } from './activation.ts';
import { lastTwo, productShape } from './product-shapes.ts';
import { replaceKernel } from './replace.ts';
import { runShader } from './webgpu-program.ts';

interface Operands {
  readonly a: tf.Tensor;
  readonly b: tf.Tensor;
}

interface FusedOperands extends Operands {
  readonly bias?: tf.Tensor;
  readonly preluActivationWeights?: tf.Tensor;
}

export function registerMatMul(): void {
  const stock = tf.getKernel(tf.BatchMatMul, 'webgpu').kernelFunc;
  const multiply = ({ a, b, transposeA, transposeB }: Product): tf.Tensor => {
    const info = stock({ inputs: { a, b }, attrs: { transposeA, transposeB }, backend: tf.backend() });
    return tf.engine().makeTensorFromTensorInfo(info as tf.TensorInfo);
  };
  replaceKernel<Operands, tf.BatchMatMulAttrs>('webgpu', tf.BatchMatMul, ({ a, b }, { transposeA, transposeB }) =>
    matMul(multiply, a, b, transposeA, transposeB),
  );
  replaceKernel<FusedOperands, tf._FusedMatMulAttrs>('webgpu', tf._FusedMatMul, (inputs, attributes) => {
    const product = matMul(multiply, inputs.a, inputs.b, attributes.transposeA, attributes.transposeB);
    const shifted = inputs.bias ? tf.add(product, inputs.bias) : product;
    return activate(shifted, attributes.activation, inputs.preluActivationWeights, attributes.leakyreluAlpha);
  });
}

interface Product extends Operands {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

/** The stock kernel's own rule: up to so many 32 x 32 tiles leave a GPU idle, and twice as many flat ones. */
const FEW_TILES = 8;
const FLAT_ROWS = 8;
/** The stock kernel's own rule: up to so many results each get a workgroup. */
const SMALL_RESULT = 128;
/** From this inner length on a product with few tiles is split, into parts no shorter than the second. */
const LONG = 2000;
const PART = 128;

function matMul(
  multiply: (product: Product) => tf.Tensor,
  a: tf.Tensor,
  b: tf.Tensor,
  transposeA: boolean,
  transposeB: boolean,
): tf.Tensor {
  const [aRows, aColumns] = lastTwo(a);
  const [bRows, bColumns] = lastTwo(b);
  const { m, k, n } = productShape(a, b, transposeA, transposeB);
  const outer = tf.broadcast_util.assertAndGetBroadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
  const batch = tf.util.sizeFromShape(outer);
  if (batch * m * n * k === 0) return tf.zeros([...outer, m, n]);
  // One side's batch may be 1: stock repeats that by itself.
  const bothRepeat = [a, b].every((side) => ![1, batch].includes(side.size / (lastTwo(side)[0] * lastTwo(side)[1])));
  const left = bothRepeat ? tf.broadcastTo(a, [...outer, aRows, aColumns]) : a;
  const right = bothRepeat ? tf.broadcastTo(b, [...outer, bRows, bColumns]) : b;
  const { MatMulReduceProgram, MatMulSmallOutputSizeProgram, MatMulPackedProgram } = webgpu_util.MatMulProgramType;
  const tiles = batch * Math.ceil(m / 32) * Math.ceil(n / 32);
  const few = tiles <= FEW_TILES || (m <= FLAT_ROWS && tiles <= 2 * FEW_TILES);
  const product = { a: left, b: right, transposeA, transposeB };
  if (!few) return withProgram(MatMulPackedProgram, () => multiply(product));
  if (batch * m * n <= SMALL_RESULT) return withProgram(MatMulReduceProgram, () => multiply(product));
  const parts = batch === 1 && k >= LONG ? largestDivisor(k, Math.floor(k / PART)) : 1;
  if (parts === 1) return withProgram(MatMulSmallOutputSizeProgram, () => multiply(product));
  const split = {
    a: transposeA ? tf.reshape(left, [parts, k / parts, m]) : columnParts(left, [m, k], parts),
    b: transposeB ? columnParts(right, [n, k], parts) : tf.reshape(right, [parts, k / parts, n]),
    transposeA,
    transposeB,
  };
  return tf.reshape(sumFirst(tf.matMul(split.a, split.b, transposeA, transposeB)), [...outer, m, n]);
}

/** A matrix [rows, columns] cut along its columns: [parts, rows, columns / parts]. */
function columnParts(matrix: tf.Tensor, [rows, columns]: readonly [number, number], parts: number): tf.Tensor {
  return tf.transpose(tf.reshape(matrix, [rows, parts, columns / parts]), [1, 0, 2]);
}

/** The sum over the first axis, in its order. */
export function sumFirst(parts: tf.Tensor): tf.Tensor {
  const [count = 1, ...shape] = parts.shape;
  return runShader({
    name: 'sum of parts',
    shape,
    inputs: { parts },
    integers: { count },
    code: `
      var value = 0.0;
      for (var part = 0; part < uniforms.count; part++) { value += parts[part * uniforms.size + index]; }`,
  });
}

/** The largest divisor of a number that is no larger than a limit. */
export function largestDivisor(number: number, limit: number): number {
  for (let divisor = Math.min(number, Math.floor(limit)); divisor > 1; divisor--) {
    if (number % divisor === 0) return divisor;
  }
  return 1;
}

const PROGRAM_FLAG = 'WEBGPU_MATMUL_PROGRAM_TYPE';

function withProgram(program: number, compute: () => tf.Tensor): tf.Tensor {
  const before = tf.env().getNumber(PROGRAM_FLAG);
  tf.env().set(PROGRAM_FLAG, program);
  try {
    return compute();
  } finally {
    tf.env().set(PROGRAM_FLAG, before);
  }
}
