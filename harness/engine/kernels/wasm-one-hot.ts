/** OneHot on wasm: the stock kernel writes integers whatever the type, into float32 as if they were its bits. */
import * as tf from '../../tfjs.js';
import { replaceKernel } from './replace.ts';

interface OneHotAttributes {
  readonly depth: number;
  readonly onValue: number;
  readonly offValue: number;
  readonly dtype: tf.DataType;
}

/** [...indices, depth] of `dtype`: `onValue` at each index, `offValue` elsewhere. */
export function registerOneHot(): void {
  replaceKernel<{ indices: tf.Tensor }, OneHotAttributes>('wasm', tf.OneHot, ({ indices }, attributes) => {
    const { depth, onValue, offValue, dtype } = attributes;
    const hit = tf.equal(tf.expandDims(indices, -1), tf.range(0, depth, 1, 'int32'));
    return tf.cast(tf.where(hit, onValue, offValue), dtype);
  });
}
