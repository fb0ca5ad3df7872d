import { stream, tf } from 'attribench';
import { beforeAll, expect, test } from 'vitest';
import { loadEngine } from '../../harness/engine/index.ts';
import { between, cut, stretch, stretchMatrix } from './interpolation.ts';
import { expectClose } from './trial.ts';

beforeAll(async () => {
  await loadEngine('wasm');
});

test('two cells on four pixels are a quarter and three quarters of the way between', () => {
  const into = new Float32Array(4);
  between([0, 1], stretch(1, 1), stretch(2, 4), into);
  expect(Array.from(into)).toEqual([0, 0.25, 0.75, 1]);
});

test('a grid on as many pixels is itself; one cell fills everything', () => {
  const into = new Float32Array(6);
  between([1, 2, 3, 4, 5, 6], stretch(2, 2), stretch(3, 3), into);
  expect(Array.from(into)).toEqual([1, 2, 3, 4, 5, 6]);
  between([7], stretch(1, 2), stretch(1, 3), into);
  expect(Array.from(into)).toEqual([7, 7, 7, 7, 7, 7]);
});

test('a cut is a part of the whole, wherever its runs begin and end', () => {
  const grid = stream('cut').uniforms(3 * 4);
  const [rows, columns] = [stretch(3, 8), stretch(4, 11)];
  const whole = new Float32Array(8 * 11);
  between(grid, rows, columns, whole);
  for (let top = 0; top < 8; top++) {
    for (let left = 0; left < 11; left++) {
      const [height, width] = [Math.min(3, 8 - top), Math.min(5, 11 - left)];
      const into = new Float32Array(height * width);
      between(grid, cut(rows, top, height), cut(cut(columns, left, 11 - left), 0, width), into);
      const expected = Array.from(into, (_, i) => whole[(top + Math.floor(i / width)) * 11 + left + (i % width)]);
      expect(Array.from(into)).toEqual(expected);
    }
  }
});

test.each([
  [3, 2, 7, 9],
  [2, 5, 8, 5],
  [7, 7, 32, 16],
])("%i x %i on %i x %i equals the engine's resize and the product with both matrices", async (h, w, height, width) => {
  const grid = stream('grid').uniforms(h * w);
  const [rows, columns] = [stretch(h, height), stretch(w, width)];
  const into = new Float32Array(height * width);
  between(grid, rows, columns, into);
  const [resized, product] = tf.tidy(() => {
    const cells = tf.tensor2d(grid, [h, w]);
    const down = tf.matMul(tf.tensor2d(stretchMatrix(rows), [height, h]), cells);
    return [
      tf.image.resizeBilinear(cells.reshape<tf.Tensor4D>([1, h, w, 1]), [height, width], false, true),
      tf.matMul(down, tf.tensor2d(stretchMatrix(columns), [width, w]), false, true),
    ] as const;
  });
  expectClose(Array.from(await resized.data()), Array.from(into));
  expectClose(Array.from(await product.data()), Array.from(into));
  tf.dispose([resized, product]);
});
