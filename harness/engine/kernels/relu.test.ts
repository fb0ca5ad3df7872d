import { expect, it } from 'vitest';
import * as tf from '../../tfjs.js';
import { loadEngine } from '../index.ts';
import { enginesTested } from '../testing/engines.ts';

const VALUES = [-2, -1e-30, 0, 1e-30, 3];
const SLOPES = [5, 6, 7, 8, 9];

it.each((await enginesTested()).filter(({ present }) => present))(
  'the gradient of ReLU, and the gradient of that: $name',
  async ({ name }) => {
    await loadEngine(name);
    const [x, dy] = [tf.tensor1d(VALUES), tf.tensor1d(SLOPES)];
    const gradient = tf.grad((values) => tf.relu(values));
    expect([...(await gradient(x, dy).data())]).toEqual([0, 0, 0, 8, 9]);
    // Linear in dy, so that its slope there is the mask; flat in x.
    expect([
      ...(await tf
        .grad((slopes) => gradient(x, slopes))(dy, tf.onesLike(dy))
        .data()),
    ]).toEqual([0, 0, 0, 1, 1]);
    expect([
      ...(await tf
        .grad((values) => tf.sum(gradient(values, dy)))(x)
        .data()),
    ]).toEqual([0, 0, 0, 0, 0]);
  },
);
