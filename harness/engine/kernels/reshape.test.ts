import { expect, it } from 'vitest';
import * as tf from '../../tfjs.js';
import { loadEngine } from '../index.ts';
import { enginesTested } from '../testing/engines.ts';

it.each((await enginesTested()).filter(({ present }) => present))(
  'a reshaped tensor outlives the first, in its shape or another: $name',
  async ({ name }) => {
    await loadEngine(name);
    const before = tf.memory().numTensors;
    for (const shape of [[2, 3], [3, 2], [6], [-1, 3]]) {
      const x = tf.tensor2d([1, 2, 3, 4, 5, 6], [2, 3]);
      const y = tf.mul(x, 2);
      const reshaped = tf.reshape(y, shape);
      tf.dispose([x, y]);
      expect(reshaped.shape).toEqual(shape[0] === -1 ? [2, 3] : shape);
      expect([...(await reshaped.data())]).toEqual([2, 4, 6, 8, 10, 12]);
      const again = tf.reshape(reshaped, shape);
      reshaped.dispose();
      const more = tf.add(again, 1);
      expect([...(await more.data())]).toEqual([3, 5, 7, 9, 11, 13]);
      tf.dispose([again, more]);
    }
    expect(tf.memory().numTensors).toBe(before);
  },
);

it.each((await enginesTested()).filter(({ present }) => present))(
  'loading an engine again leaves the kernel that is there: $name',
  async ({ name }) => {
    await loadEngine(name);
    const kernel = tf.getKernel(tf.Reshape, tf.getBackend());
    await loadEngine(name === 'cpu' ? 'wasm' : 'cpu');
    await loadEngine(name);
    expect(tf.getKernel(tf.Reshape, tf.getBackend())).toBe(kernel);
  },
);
