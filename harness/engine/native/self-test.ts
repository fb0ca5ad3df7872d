/** Run by the installer in a process of its own, with the addon's path and its npm package: exits 0 if its numbers are right. */
import * as tf from '../../tfjs.js';
import { createBackend } from './backend.ts';
import { NativeMomentum } from './momentum.ts';

const [addon, npmPackage] = process.argv.slice(2);
if (addon === undefined || npmPackage === undefined) {
  throw new Error('[attribench] self-test: expected the path of an addon and the package it belongs to');
}
const backend = createBackend(addon, npmPackage);
tf.registerBackend('tensorflow', () => backend);
await tf.setBackend('tensorflow');

const product = await tf
  .matMul(
    tf.tensor2d([
      [1, 2],
      [3, 4],
    ]),
    tf.tensor2d([
      [5, 6],
      [7, 8],
    ]),
  )
  .data();
expectNumbers('a multiplication', product, [19, 22, 43, 50]);

// y = x[0..1] k0 + x[1..2] k1 along the width: the gradient of the sum counts how often each pixel is read.
const images = tf.tensor4d([1, 2, 3], [1, 1, 3, 1]);
const filter = tf.tensor4d([10, 100], [1, 2, 1, 1]);
const [toImages, toFilter] = tf.grads((x, k) => tf.conv2d(x as tf.Tensor4D, k as tf.Tensor4D, 1, 'valid').sum())([
  images,
  filter,
]);
expectNumbers('a convolution gradient (images)', await toImages?.data(), [10, 110, 100]);
expectNumbers('a convolution gradient (filter)', await toFilter?.data(), [3, 5]);

// The addon's operation is for the CPU: on a card steps of descent are composed.
if (!backend.isUsingGpuDevice) {
  const weight = tf.variable(tf.tensor1d([1, 2]));
  const memory = new NativeMomentum(backend);
  // u = gradient + weight / 2 + u / 4: 4.5, then 1.5 - 1.75 + 1.125 of the first weight.
  for (const gradient of [4, 1.5]) memory.step([weight], [tf.fill([2], gradient)], { decay: 0.5, momentum: 0.25 });
  expectNumbers('two steps of descent', await weight.data(), [-4.375, -4.25]);
}

function expectNumbers(what: string, found: ArrayLike<number> | undefined, expected: readonly number[]): void {
  const got = found === undefined ? [] : Array.from(found);
  if (got.length !== expected.length || got.some((value, i) => value !== expected[i])) {
    throw new Error(`[attribench] self-test error: ${what} gave ${got.join(', ')}, expected ${expected.join(', ')}`);
  }
}
