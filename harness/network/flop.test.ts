import { expect, test } from 'vitest';
import { defineModel } from '../define.ts';
import * as tf from '../tfjs.js';
import { networkSize } from './flop.ts';

const described = { title: 'Sized', cite: 'none', revision: 1 };
const request = { inputShape: [8, 6, 3], classes: 10, parameters: {} } as const;

test('counts the multiplications of dense and convolutional layers, and every weight', () => {
  const model = defineModel({
    id: 'sized',
    ...described,
    build: ({ inputShape, classes }) =>
      tf.sequential({
        layers: [
          tf.layers.conv2d({ name: 'conv', inputShape: [...inputShape], filters: 5, kernelSize: 3, strides: 2 }),
          tf.layers.depthwiseConv2d({ name: 'depthwise', kernelSize: 2 }),
          tf.layers.flatten({ name: 'flatten' }),
          tf.layers.dense({ name: 'logits', units: classes }),
        ],
      }),
  });
  const before = tf.memory().numTensors;
  // Outputs: 3 x 2 x 5, then 2 x 1 x 5.
  const forward = 2 * (3 * 2 * 5 * 3 * 3 * 3) + 2 * (2 * 1 * 5 * 2 * 2) + 2 * (10 * 10);
  const parameters = 3 * 3 * 3 * 5 + 5 + (2 * 2 * 5 + 5) + (10 * 10 + 10);
  expect(networkSize(model, request)).toEqual({ forward, parameters });
  expect(tf.memory().numTensors).toBe(before);
});

test('knows nothing of a function', () => {
  const model = defineModel({
    id: 'function',
    ...described,
    build: () => ({ logits: () => tf.zeros([1, 10]), dispose() {} }),
  });
  expect(networkSize(model, request)).toBeNull();
});
