import { Matrix, solve } from 'ml-matrix';
import { describe, expect, test } from 'vitest';
import type { ImageShape } from '../contracts.ts';
import { stream } from '../random.ts';
import { imputeLinearly } from './road.ts';

/** By definition: a dense system over all pixels of each channel, solved by a library. */
function slowImputation(image: Float32Array, mask: Uint8Array, [height, width, channels]: ImageShape): number[] {
  const result = [...image];
  for (let channel = 0; channel < channels; channel++) {
    const n = height * width;
    const [matrix, right] = [Matrix.zeros(n, n), Matrix.zeros(n, 1)];
    for (let a = 0; a < n; a++) {
      const at = a * channels + channel;
      if (mask[at] === 1) {
        matrix.set(a, a, 1);
        right.set(a, 0, image[at] ?? 0);
        continue;
      }
      for (let b = 0; b < n; b++) {
        const [dy, dx] = [Math.abs(Math.floor(a / width) - Math.floor(b / width)), Math.abs((a % width) - (b % width))];
        if (dy > 1 || dx > 1 || a === b) continue;
        const weight = dy + dx === 1 ? 1 / 6 : 1 / 12;
        matrix.set(a, a, matrix.get(a, a) + weight);
        matrix.set(a, b, -weight);
      }
    }
    const solved = solve(matrix, right);
    for (let a = 0; a < n; a++) result[a * channels + channel] = solved.get(a, 0);
  }
  return result;
}

function imputed(image: Float32Array, mask: Uint8Array, shape: ImageShape, noise = 0): Float32Array {
  const copy = image.slice();
  imputeLinearly(copy, mask, shape, new Float32Array(image.length).fill(7), noise, stream('noise'));
  return copy;
}

const shapes: readonly ImageShape[] = [
  [6, 7, 1],
  [5, 5, 3],
  [1, 9, 2],
  [9, 1, 1],
];

describe.each(shapes)('on %i x %i x %i', (...shape) => {
  const size = shape[0] * shape[1] * shape[2];

  test.each([0.1, 0.3, 0.5, 0.9])('equals the dense solution with %f kept', (level) => {
    for (let run = 0; run < 10; run++) {
      const random = stream('road', ...shape, level, run);
      const image = random.uniforms(size, -1, 2);
      const mask = Uint8Array.from(image, () => (random.uniform() < level ? 1 : 0));
      // One known coordinate a channel at least: without any the dense system is singular.
      mask.fill(1, 0, shape[2]);
      const expected = slowImputation(image, mask, shape);
      imputed(image, mask, shape).forEach((value, i) => {
        expect(value).toBeCloseTo(expected[i] ?? Number.NaN, 5);
      });
    }
  });

  test('continues a constant, and stays within what is known', () => {
    const random = stream('constant', ...shape);
    const mask = Uint8Array.from({ length: size }, (_, i) => (i < shape[2] || random.uniform() < 0.2 ? 1 : 0));
    for (const value of imputed(new Float32Array(size).fill(0.25), mask, shape)) expect(value).toBeCloseTo(0.25, 6);
    const image = random.uniforms(size);
    const known = image.filter((_, i) => mask[i] === 1);
    for (const value of imputed(image, mask, shape)) {
      expect(value).toBeGreaterThanOrEqual(Math.min(...known) - 1e-6);
      expect(value).toBeLessThanOrEqual(Math.max(...known) + 1e-6);
    }
  });
});

test('a channel without anything known becomes what stands for the unknown, the others do not', () => {
  const image = Float32Array.of(1, 2, 3, 4);
  expect([...imputed(image, Uint8Array.of(0, 1, 0, 0), [2, 1, 2])]).toEqual([7, 2, 7, 2]);
});

test('noise falls on what was removed alone, with the given spread', () => {
  const size = 60 * 60;
  const mask = Uint8Array.from({ length: size }, (_, i) => i % 2);
  const noisy = imputed(new Float32Array(size).fill(0.5), mask, [60, 60, 1], 0.01);
  const away = [...noisy].filter((_, i) => mask[i] === 0).map((value) => value - 0.5);
  expect(noisy.every((value, i) => mask[i] === 0 || value === 0.5)).toBe(true);
  const spread = Math.sqrt(away.reduce((sum, value) => sum + value ** 2, 0) / away.length);
  // Four standard errors of a standard deviation from 1,800 values.
  expect(Math.abs(spread / 0.01 - 1)).toBeLessThan(4 / Math.sqrt(2 * 1800));
});
