import { stream, tf } from 'attribench';
import { beforeAll, describe, expect, test } from 'vitest';
import { loadEngine } from '../harness/engine/index.ts';
import { at, randomNetwork } from '../harness/vitest/conformance/dense.ts';
import smoothGrad from './smooth-grad.ts';
import smoothGradSquared from './smooth-grad-squared.ts';
import { expectClose, linear, mapsOnFunction, mapsOnLayers } from './support/trial.ts';
import varGrad from './var-grad.ts';

beforeAll(async () => {
  await loadEngine('wasm');
});

/** The stream that image i is given in these tests. */
const streamOf = (i: number) => stream('conformance', 'attribution', i);

test('is w_c on a linear model, whatever the noise; squared, w_c^2', async () => {
  const trial = {
    images: [
      [0, 1, 2],
      [3, 0, 1],
    ],
    classes: [0, 1],
  };
  for (const [method, expected] of [
    [
      smoothGrad,
      [
        [1, 2, -3],
        [-4, 5, 0.5],
      ],
    ],
    [
      smoothGradSquared,
      [
        [1, 4, 9],
        [16, 25, 0.25],
      ],
    ],
  ] as const) {
    const maps = await mapsOnLayers(method, linear, trial);
    expectClose(maps.flat(), expected.flat(), 4);
  }
});

// One ReLU v relu(w x + b): its gradient at a noisy x is v w with probability p = Phi((w x + b) / (sigma |w|)), else 0.
test('on one ReLU near its kink, the moments of v w times a coin of bias p', async () => {
  const [w, v, kink] = [[2, -1], 3, 0.1];
  const x = [0.9, 0.4];
  const bias = kink - (2 * 0.9 - 0.4);
  const layers = [
    { kernel: w.map((weight) => [weight]), bias: [bias] },
    { kernel: [[v]], bias: [0] },
  ];
  const samples = 8000;
  const parameters = { samples, sigma: 0.2 };
  const p = normalShare(kink / (0.2 * (0.9 - 0.4) * Math.sqrt(5)));
  for (const [method, moment] of [
    [smoothGrad, (slope: number) => slope * p],
    [smoothGradSquared, (slope: number) => slope ** 2 * p],
    [varGrad, (slope: number) => slope ** 2 * p * (1 - p)],
  ] as const) {
    const [map = []] = await mapsOnLayers(method, layers, { images: [x], parameters });
    for (const [k, weight] of w.entries()) {
      const expected = moment(v * weight);
      // Five standard errors of a share.
      expect(Math.abs(at(map, k) / expected - 1)).toBeLessThan((5 * Math.sqrt((1 - p) / p)) / Math.sqrt(samples));
    }
  }
});

/** The share of a standard normal below z, by Simpson's rule. */
function normalShare(z: number): number {
  const [cells, step] = [1000, z / 1000];
  let sum = 0;
  for (let i = 0; i <= cells; i++) {
    sum += (i === 0 || i === cells ? 1 : i % 2 === 1 ? 4 : 2) * Math.exp(-((i * step) ** 2) / 2);
  }
  return 0.5 + (sum * step) / 3 / Math.sqrt(2 * Math.PI);
}

// The gradient of sum x^2 / 2 is x: at noisy copies it shows the noise itself.
describe('on half the squared norm, where the gradient is the noisy image', () => {
  const half = (x: tf.Tensor2D) => tf.sum(tf.square(x), 1).div(2);
  const images = [
    [0, 0.5, 1, 0],
    [1, 5, 3, 2],
    [0.3, 0.3, 0.3, 0.3],
  ];
  /** largest less smallest value of each image */
  const ranges = [1, 4, 0];
  const parameters = { samples: 3, sigma: 0.2 };

  /** Sample by sample, the noisy copies of image i. */
  const copies = (i: number) => {
    const noise = streamOf(i);
    return [0, 1, 2].map(() => Array.from(noise.normals(4), (e, k) => at(at(images, i), k) + 0.2 * at(ranges, i) * e));
  };
  const meanOf = (i: number, f: (x: number) => number) =>
    at(images, i).map((_, k) => copies(i).reduce((sum, copy) => sum + f(at(copy, k)), 0) / 3);

  test('noise is normal, scaled by the range of each image, drawn from its own stream', async () => {
    const maps = await mapsOnFunction(smoothGrad, half, { images, parameters });
    maps.forEach((map, i) => {
      expectClose(
        map,
        meanOf(i, (x) => x),
      );
    });
  });

  test('squared: the mean of squares, not the square of the mean', async () => {
    const maps = await mapsOnFunction(smoothGradSquared, half, { images, parameters });
    maps.forEach((map, i) => {
      expectClose(
        map,
        meanOf(i, (x) => x * x),
        4,
      );
    });
  });

  test('var-grad: the variance, divided by the number of samples', async () => {
    const maps = await mapsOnFunction(varGrad, half, { images, parameters });
    maps.forEach((map, i) => {
      const means = meanOf(i, (x) => x);
      const squares = meanOf(i, (x) => x * x);
      expectClose(
        map,
        squares.map((square, k) => square - at(means, k) ** 2),
        5,
      );
    });
  });
});

test('var-grad keeps a small variance beside a large gradient', async () => {
  const steep = (x: tf.Tensor2D) => tf.sum(x.mul(1000).add(tf.square(x).div(2)), 1);
  const parameters = { samples: 25, sigma: 0.05 };
  const [map] = await mapsOnFunction(varGrad, steep, { images: [[0, 1]], parameters });
  const flat = (x: tf.Tensor2D) => tf.sum(tf.square(x).div(2), 1);
  const [expected = []] = await mapsOnFunction(varGrad, flat, { images: [[0, 1]], parameters });
  expectClose(map, expected, 4);
});

test.each([smoothGrad, smoothGradSquared, varGrad])(
  '$id does the same in many small blocks as in one',
  async (method) => {
    const numbers = stream('test', 'blocks');
    const layers = randomNetwork(numbers, [6, 5, 3]);
    const images = Array.from({ length: 150 }, () => Array.from(numbers.uniforms(6)));
    const together = await mapsOnLayers(method, layers, { images });
    const [alone = []] = await mapsOnLayers(method, layers, { images: images.slice(0, 1) });
    expectClose(together[0], alone);
  },
);

test.each([smoothGrad, smoothGradSquared, varGrad])('$id refuses no samples at all', async (method) => {
  const none = mapsOnLayers(method, linear, { images: [[0, 1, 2]], parameters: { samples: 0 } });
  await expect(none).rejects.toThrow(`method "${method.id}": samples is 0, expected an integer from 1`);
});
