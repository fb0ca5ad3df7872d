import { tf } from 'attribench';
import { describe, expect, test } from 'vitest';
import { loadEngine } from '../../../harness/engine/index.ts';
import { enginesTested } from '../../../harness/engine/testing/engines.ts';
import { arithmeticOf, flopOf, flopOfAll } from './arithmetic.ts';

const arithmetic = (run: () => unknown) => arithmeticOf(async () => void tf.tidy(() => void run()));
const count = async (run: () => unknown) => flopOfAll(await arithmetic(run));
const ones = (...shape: number[]) =>
  tf.tidy(() => tf.reshape<tf.Rank.R2>(tf.fill(shape, 1), shape as [number, number]));

const present = (await enginesTested()).filter(({ name, present }) => present && name !== 'webgpu');

describe.each(present)('on $name', ({ name }) => {
  test('a product is two operations a row, column and place between, whatever is transposed', async () => {
    await loadEngine(name);
    expect(await count(() => tf.matMul(ones(3, 4), ones(4, 5)))).toBe(2 * 3 * 4 * 5);
    expect(await count(() => tf.matMul(ones(4, 3), ones(4, 5), true))).toBe(2 * 3 * 4 * 5);
    expect(await count(() => tf.matMul(ones(3, 4), ones(5, 4), false, true))).toBe(2 * 3 * 4 * 5);
    expect(await count(() => tf.matMul(ones(6, 3, 4), ones(6, 4, 5)))).toBe(6 * 2 * 3 * 4 * 5);
  });

  test('a convolution and its two gradients are the same number of operations each', async () => {
    await loadEngine(name);
    // 'same' pads one place behind: of three taps the last place's third meets nothing, 11 of 12 along each axis.
    const one = 2 * (2 * 5 * 2) * 11 * 11;
    const [x, filter] = [tf.ones<tf.Rank.R4>([2, 8, 8, 2]), tf.ones<tf.Rank.R4>([3, 3, 2, 5])];
    const forward = (images: tf.Tensor, weights: tf.Tensor) =>
      tf.conv2d(images as tf.Tensor4D, weights as tf.Tensor4D, 2, 'same');
    expect(await count(() => forward(x, filter))).toBe(one);
    expect(await count(() => tf.grads(forward)([x, filter]))).toBe(3 * one);
    tf.dispose([x, filter]);
  });

  test('a convolution is told by what it computes, its shapes, steps and padding, and how often', async () => {
    await loadEngine(name);
    const [x, filter] = [tf.ones<tf.Rank.R4>([2, 8, 7, 2]), tf.ones<tf.Rank.R4>([3, 2, 2, 5])];
    const forward = (images: tf.Tensor) => tf.conv2d(images as tf.Tensor4D, filter, [2, 1], 'same');
    const { products, convolutions } = await arithmetic(() => [forward(x), tf.grad(forward)(x)]);
    const one = {
      images: [2, 8, 7, 2],
      filter: [3, 2, 2, 5],
      strides: [2, 1],
      dilations: [1, 1],
      pad: 'same',
      // Of 8 rows with a step of 2, padding is needed below alone.
      padding: [0, 1, 0, 1],
    };
    expect(products).toBe(0);
    expect(convolutions).toEqual([
      { convolution: { of: 'output', ...one }, count: 2 },
      { convolution: { of: 'input', ...one }, count: 1 },
    ]);
    // 11 of 12 taps down and 13 of 14 across meet the image.
    for (const { convolution } of convolutions) expect(flopOf(convolution)).toBe(2 * (2 * 2 * 5) * 11 * 13);
    tf.dispose([x, filter]);
  });

  test('all else is none, and a later count begins anew', async () => {
    await loadEngine(name);
    expect(await count(() => tf.sum(tf.mul(ones(3, 4), 2)))).toBe(0);
    await expect(count(() => tf.matMul(ones(3, 4), ones(5, 4)))).rejects.toThrow();
    expect(await count(() => tf.matMul(ones(1, 1), ones(1, 1)))).toBe(2);
  });
});
