import { describe, expect, it } from 'vitest';
import * as tf from '../../tfjs.js';
import { loadEngine } from '../index.ts';
import { enginesTested } from '../testing/engines.ts';

describe.each((await enginesTested()).filter(({ present }) => present))('one-hot on $name', ({ name }) => {
  it.each([
    { dtype: 'int32', on: 1, off: 0 },
    { dtype: 'int32', on: 5, off: -2 },
    { dtype: 'float32', on: 1, off: 0 },
    { dtype: 'float32', on: 0.9, off: -0.1 },
  ] as const)('of $dtype holds $on and $off', async ({ dtype, on, off }) => {
    await loadEngine(name);
    const indices = [
      [2, 0],
      [1, 3],
      [-1, 2],
    ];
    const hot = tf.oneHot(tf.tensor2d(indices, [3, 2], 'int32'), 3, on, off, dtype);
    expect(hot.dtype).toBe(dtype);
    const expected = indices.map((row) => row.map((k) => [0, 1, 2].map((j) => (j === k ? on : off))));
    const exact = dtype === 'float32' ? Math.fround : Math.trunc;
    expect(await hot.array()).toEqual(expected.map((row) => row.map((line) => line.map(exact))));
    expect(await tf.oneHot(tf.tensor1d([1], 'int32'), 2).array()).toEqual([[0, 1]]);
  });
});
