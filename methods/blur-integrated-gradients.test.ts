import { type ImageShape, stream, tf } from 'attribench';
import { beforeAll, describe, expect, test } from 'vitest';
import { loadEngine } from '../harness/engine/index.ts';
import { at } from '../harness/vitest/conformance/dense.ts';
import blurIntegratedGradients from './blur-integrated-gradients.ts';
import { blur } from './support/blur.ts';
import { expectClose, mapsOnFunction, mapsOnLayers } from './support/trial.ts';

beforeAll(async () => {
  await loadEngine('wasm');
});

const shape: ImageShape = [4, 3, 2];
const numbers = stream('test', 'blur');
const x = Array.from(numbers.uniforms(24));

/** The definition: every pixel a weighted sum of every other, weights a product of Gaussians of the whole numbers. */
function blurred(image: readonly number[], sigma: number): number[] {
  const radius = Math.round(4 * sigma);
  const gauss = (d: number) => (Math.abs(d) > radius ? 0 : Math.exp(-(d ** 2) / (2 * sigma ** 2)));
  const total = Array.from({ length: 2 * radius + 1 }, (_, k) => gauss(k - radius)).reduce((sum, w) => sum + w, 0);
  const place = (k: number) => [Math.floor(k / 6), Math.floor(k / 2) % 3, k % 2] as const;
  return image.map((_, k) => {
    const [row, column, channel] = place(k);
    return image.reduce((sum, value, l) => {
      const [otherRow, otherColumn, otherChannel] = place(l);
      if (otherChannel !== channel) return sum;
      return sum + (value * gauss(row - otherRow) * gauss(column - otherColumn)) / total ** 2;
    }, 0);
  });
}

describe('blur', () => {
  test('equals the definition, and nothing at 0', async () => {
    for (const sigma of [0.5, 1.3, 5]) {
      const image = tf.tensor4d(x, [1, ...shape]);
      expectClose(Array.from(await tf.tidy(() => blur(image, sigma)).data()), blurred(x, sigma), 6);
      expectClose(Array.from(await tf.tidy(() => blur(image, 0)).data()), x, 6);
    }
  });
});

test('is (x - blurred x) w_c on a linear model, however many the steps', async () => {
  const weights = Array.from(numbers.normals(24));
  const linear = [{ kernel: weights.map((w) => [w]), bias: [3] }];
  for (const steps of [1, 20]) {
    const parameters = { steps, maxSigma: 2 };
    const [map] = await mapsOnLayers(blurIntegratedGradients, linear, { images: [x], shape, parameters });
    const far = blurred(x, 2);
    expectClose(
      map,
      weights.map((w, k) => w * (at(x, k) - at(far, k))),
    );
  }
});

test('sums to f(x) - f(blurred x) on a smooth function, with an error in proportion to 1/steps^2', async () => {
  const cube = (images: tf.Tensor2D) => tf.pow(tf.sum(images, 1), 3);
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const expected = sum(x) ** 3 - sum(blurred(x, 2)) ** 3;
  const errors: number[] = [];
  for (const steps of [2, 4, 8]) {
    const parameters = { steps, maxSigma: 2 };
    const [map = []] = await mapsOnFunction(blurIntegratedGradients, cube, { images: [x], shape, parameters });
    errors.push(Math.abs(sum(map) - expected));
  }
  expect(at(errors, 2)).toBeLessThan(at(errors, 1) / 3);
  expect(at(errors, 1)).toBeLessThan(at(errors, 0) / 3);
});
