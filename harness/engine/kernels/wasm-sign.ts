/** Sign on wasm: the stock kernel gives 0 for every |x| below 1e-6 or so, as gradients of a sure network are. */
import * as tf from '../../tfjs.js';
import { replaceKernel } from './replace.ts';

/** 1, 0 or -1, of the type of x. */
export function registerSign(): void {
  replaceKernel<{ x: tf.Tensor }, object>('wasm', tf.Sign, ({ x }) => {
    const values = tf.cast(x, 'float32');
    return tf.cast(tf.sub(tf.step(values), tf.step(tf.neg(values))), x.dtype);
  });
}
