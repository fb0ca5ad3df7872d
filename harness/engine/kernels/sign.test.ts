import { expect, it } from 'vitest';
import * as tf from '../../tfjs.js';
import { loadEngine } from '../index.ts';
import { enginesTested } from '../testing/engines.ts';

const VALUES = [1e-37, -1e-37, 1e-12, -1e-8, 3, -7, 0];

it.each((await enginesTested()).filter(({ present }) => present))(
  'sign and step see the smallest numbers: $name',
  async ({ name }) => {
    await loadEngine(name);
    expect([...(await tf.sign(tf.tensor1d(VALUES)).data())].map((value) => value + 0)).toEqual(VALUES.map(Math.sign));
    expect([...(await tf.step(tf.tensor1d(VALUES)).data())]).toEqual(VALUES.map((value) => (value > 0 ? 1 : 0)));
    expect([...(await tf.step(tf.tensor1d(VALUES), 0.5).data())]).toEqual(VALUES.map((value) => (value > 0 ? 1 : 0.5)));
  },
);
