import { type ImageShape, stream, tf } from 'attribench';
import { beforeAll, expect, test } from 'vitest';
import { loadEngine } from '../harness/engine/index.ts';
import { at, evaluate, randomNetwork } from '../harness/vitest/conformance/dense.ts';
import { referenceImages } from '../harness/vitest/conformance/subject.ts';
import expectedGradients from './expected-gradients.ts';
import { expectClose, linear, mapsOnFunction, mapsOnLayers, onLinear } from './support/trial.ts';

beforeAll(async () => {
  await loadEngine('wasm');
});

const shape: ImageShape = [1, 3, 1];
const references = referenceImages(expectedGradients, shape) ?? [];

/** Training image and share of the way of each sample of image i. */
const drawsOf = (i: number, samples: number) => {
  const draws = stream('conformance', 'attribution', i);
  return Array.from({ length: samples }, () => ({ from: at(references, draws.integer(100)), share: draws.uniform() }));
};

test('is the mean of (x - r) w_c over the training images drawn, on a linear model', async () => {
  const { images } = onLinear;
  const maps = await mapsOnLayers(expectedGradients, linear, { ...onLinear, parameters: { samples: 7 } });
  maps.forEach((map, i) => {
    const weights = i === 0 ? [1, 2, -3] : [-4, 5, 0.5];
    const expected = weights.map((w, k) => {
      const ways = drawsOf(i, 7).map(({ from }) => at(at(images, i), k) - at(from, k));
      return (w * ways.reduce((sum, way) => sum + way, 0)) / 7;
    });
    expectClose(map, expected);
  });
});

test('takes the gradient at a random point of the way: on half the squared norm, the point itself', async () => {
  const half = (x: tf.Tensor2D) => tf.sum(tf.square(x), 1).div(2);
  const x = [1, 2, -3];
  const [map] = await mapsOnFunction(expectedGradients, half, { images: [x], parameters: { samples: 4 } });
  const expected = x.map((value, k) => {
    const terms = drawsOf(0, 4).map(({ from, share }) => {
      const way = value - at(from, k);
      return way * (at(from, k) + share * way);
    });
    return terms.reduce((sum, term) => sum + term, 0) / 4;
  });
  expectClose(map, expected);
});

test('is complete in the mean: 20,000 samples sum to f(x) less its mean over training images, to 2 %', async () => {
  const numbers = stream('test', 'expected-gradients');
  const layers = randomNetwork(numbers, [3, 6, 3]);
  const x = [1, 0, 1];
  const parameters = { samples: 20_000 };
  const [map = []] = await mapsOnLayers(expectedGradients, layers, { images: [x], classes: [1], parameters });
  const logit = (image: readonly number[]) => at(evaluate(layers, image), 1);
  const expected = logit(x) - references.reduce((sum, reference) => sum + logit(reference), 0) / references.length;
  const sum = map.reduce((total, value) => total + value, 0);
  expect(Math.abs(sum - expected)).toBeLessThan(0.02 * map.reduce((total, value) => total + Math.abs(value), 0));
});
