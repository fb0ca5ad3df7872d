import type { DenseStem, ImageShape } from 'attribench';
import { expect, test } from 'vitest';
import { DENSE_ROWS, ROWS, rowsFor } from './samples.ts';

test('a block of a dense network holds more images, fewer the larger they are', () => {
  const stem = {} as DenseStem;
  const rows = (inputShape: ImageShape, denseStem?: DenseStem) => rowsFor({ inputShape, denseStem });
  expect(rows([56, 28, 1])).toBe(ROWS);
  expect(rows([56, 28, 1], stem)).toBe(DENSE_ROWS);
  // 2^22 values: 1,365 images of 32 x 32 x 3.
  expect(rows([32, 32, 3], stem)).toBe(1365);
  expect(rows([224, 224, 3], stem)).toBe(ROWS);
});
