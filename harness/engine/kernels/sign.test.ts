import * as tf from '@tensorflow/tfjs';
import { expect, it } from 'vitest';
import { enginesPresent, loadEngine } from '../index.ts';

const VALUES = [1e-37, -1e-37, 1e-12, -1e-8, 3, -7, 0];

it.each((await enginesPresent()).filter(({ present }) => present))(
  'sign and step see the smallest numbers: $name',
  async ({ name }) => {
    await loadEngine(name);
    expect([...tf.sign(tf.tensor1d(VALUES)).dataSync()].map((value) => value + 0)).toEqual(VALUES.map(Math.sign));
    expect([...tf.step(tf.tensor1d(VALUES)).dataSync()]).toEqual(VALUES.map((value) => (value > 0 ? 1 : 0)));
    expect([...tf.step(tf.tensor1d(VALUES), 0.5).dataSync()]).toEqual(VALUES.map((value) => (value > 0 ? 1 : 0.5)));
  },
);
