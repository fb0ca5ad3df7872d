import { expect, it } from 'vitest';
import * as tf from '../../tfjs.js';
import { loadEngine } from '../index.ts';
import { enginesTested } from '../testing/engines.ts';

it.each((await enginesTested()).filter(({ present }) => present))(
  'clipping, its edges and its gradient: $name',
  async ({ name }) => {
    await loadEngine(name);
    const before = tf.memory().numTensors;
    const x = tf.tensor2d([-3, -0.25, 0, 0.5, 0.75, 1, 1.5, 7], [2, 4]);
    const clipped = tf.clipByValue(x, -0.25, 1);
    expect([...(await clipped.data())]).toEqual([-0.25, -0.25, 0, 0.5, 0.75, 1, 1, 1]);
    expect(clipped.shape).toEqual([2, 4]);
    const slopes = tf.grad((values) => tf.clipByValue(values, -0.25, 1))(x);
    expect([...(await slopes.data())]).toEqual([0, 1, 1, 1, 1, 1, 0, 0]);
    tf.dispose([x, clipped, slopes]);
    expect(tf.memory().numTensors).toBe(before);
  },
);
