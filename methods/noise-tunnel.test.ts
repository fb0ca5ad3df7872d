import { defineMethod, stream, tf } from 'attribench';
import { beforeAll, expect, test } from 'vitest';
import { loadEngine } from '../harness/engine/index.ts';
import { at, randomNetwork } from '../harness/vitest/conformance/dense.ts';
import inputGradient from './input-gradient.ts';
import noiseTunnel, { meanOverNoisyMaps } from './noise-tunnel.ts';
import random from './random.ts';
import smoothGrad from './smooth-grad.ts';
import { expectClose, mapsOnFunction, mapsOnLayers } from './support/trial.ts';

beforeAll(async () => {
  await loadEngine('wasm');
});

const parameters = { samples: 4, sigma: 0.2 };

test('over the input gradient is SmoothGrad', async () => {
  const over = defineMethod({
    ...smoothGrad,
    parameters,
    attribute: (request) => meanOverNoisyMaps(inputGradient.attribute, { ...request, parameters: {} }, parameters),
  });
  const numbers = stream('test', 'noise-tunnel');
  const layers = randomNetwork(numbers, [6, 8, 3]);
  const trial = { images: [0, 1, 2].map(() => Array.from(numbers.uniforms(6))), classes: [0, 1, 2], parameters };
  const maps = await mapsOnLayers(over, layers, trial);
  const expected = await mapsOnLayers(smoothGrad, layers, trial);
  expectClose(maps.flat(), expected.flat());
});

test('over input x gradient, on half the squared norm, is the mean square of the noisy image', async () => {
  const half = (x: tf.Tensor2D) => tf.sum(tf.square(x), 1).div(2);
  const x = [0, 0.5, 2];
  const [map] = await mapsOnFunction(noiseTunnel, half, { images: [x], parameters });
  const noise = stream('conformance', 'attribution', 0);
  const copies = Array.from({ length: 4 }, () => x.map((value) => value + 0.2 * 2 * noise.normal()));
  expectClose(
    map,
    x.map((_, k) => copies.reduce((sum, copy) => sum + at(copy, k) ** 2, 0) / 4),
  );
});

test('gives a random inner method other numbers for each copy', async () => {
  const over = defineMethod({
    ...random,
    attribute: (request) => meanOverNoisyMaps(random.attribute, request, { samples: 400, sigma: 0 }),
  });
  const layers = [{ kernel: [[1, 2]], bias: [0, 0] }];
  const [map = []] = await mapsOnLayers(over, layers, { images: [[1]] });
  // Five standard errors of a mean of 400.
  expect(Math.abs(at(map, 0))).toBeLessThan(5 / Math.sqrt(400));
  expect(at(map, 0)).not.toBe(0);
});
