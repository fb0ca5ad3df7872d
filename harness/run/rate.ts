/** How fast the engine multiplies matrices on one core, measured here: what a first estimate rests on. */
import { loadEngine, singleThreadedEnv } from '../engine/index.ts';
import { stream } from '../random.ts';
import * as tf from '../tfjs.js';

const [ROWS, SIZE] = [256, 784];
const LEAST_MILLISECONDS = 200;

/**
 * Floating-point operations a second of products of a batch with a layer, on one thread where the engine is not
 * loaded yet in this process.
 */
export async function matmulRate(engine: string): Promise<number> {
  Object.assign(process.env, singleThreadedEnv);
  await loadEngine(engine);
  const numbers = stream('matmul rate');
  const a = tf.tensor2d(numbers.uniforms(ROWS * SIZE, -1, 1), [ROWS, SIZE]);
  const b = tf.tensor2d(numbers.uniforms(SIZE * SIZE, -1, 1), [SIZE, SIZE]);
  const product = async () => {
    const c = tf.matMul(a, b);
    await c.data();
    c.dispose();
  };
  await product();
  const start = performance.now();
  let products = 0;
  for (; performance.now() - start < LEAST_MILLISECONDS; products++) await product();
  const seconds = (performance.now() - start) / 1000;
  tf.dispose([a, b]);
  return (2 * ROWS * SIZE * SIZE * products) / seconds;
}
