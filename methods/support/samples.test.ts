import type { DenseStem, LogitsNetwork } from 'attribench';
import { expect, test } from 'vitest';
import { DENSE_ROWS, ROWS, rowsFor } from './samples.ts';

const network = (inputShape: readonly [number, number, number], denseStem?: DenseStem) =>
  ({ inputShape, classes: 2, denseStem }) as unknown as LogitsNetwork;

test('a block of a dense network holds more images, fewer the larger they are', () => {
  const stem = {} as DenseStem;
  expect(rowsFor(network([56, 28, 1]))).toBe(ROWS);
  expect(rowsFor(network([56, 28, 1], stem))).toBe(DENSE_ROWS);
  // 2^22 values: 1,365 images of 32 x 32 x 3.
  expect(rowsFor(network([32, 32, 3], stem))).toBe(1365);
  expect(rowsFor(network([224, 224, 3], stem))).toBe(ROWS);
});
