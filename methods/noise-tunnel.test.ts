import { defineMethod, type Method, type Parameters, stream, tf } from 'attribench';
import { beforeAll, expect, test } from 'vitest';
import { loadEngine } from '../harness/engine/index.ts';
import { at, randomNetwork } from '../harness/vitest/conformance/dense.ts';
import blurIntegratedGradients from './blur-integrated-gradients.ts';
import guidedIntegratedGradients from './guided-integrated-gradients.ts';
import integratedGradients from './integrated-gradients.ts';
import lossGradient from './loss-gradient.ts';
import noiseTunnel, { overNoise } from './noise-tunnel.ts';
import occlusion from './occlusion.ts';
import random from './random.ts';
import signedInputGradient from './signed-input-gradient.ts';
import signedLossGradient from './signed-loss-gradient.ts';
import smoothGrad from './smooth-grad.ts';
import smoothGradSquared from './smooth-grad-squared.ts';
import { expectClose, mapsOnFunction, mapsOnLayers } from './support/trial.ts';
import varGrad from './var-grad.ts';

beforeAll(async () => {
  await loadEngine('wasm');
});

const parameters = { samples: 4, sigma: 0.2, statistic: 'mean' };

test.each([
  ['mean', smoothGrad],
  ['square', smoothGradSquared],
  ['variance', varGrad],
] as const)('the %s over the input gradient is $1.id', async (statistic, method) => {
  const numbers = stream('test', 'noise-tunnel');
  const layers = randomNetwork(numbers, [6, 8, 3]);
  const trial = { images: [0, 1, 2].map(() => Array.from(numbers.uniforms(6))), classes: [0, 1, 2] };
  const over = { samples: 6, sigma: 0.2, statistic, method: 'input-gradient' };
  const maps = await mapsOnLayers(noiseTunnel, layers, { ...trial, parameters: over });
  const expected = await mapsOnLayers(method, layers, { ...trial, parameters: { samples: 6, sigma: 0.2 } });
  expectClose(maps.flat(), expected.flat());
});

test('without noise every method is itself, with its settings', async () => {
  const numbers = stream('test', 'inner');
  const layers = randomNetwork(numbers, [6, 8, 3]);
  const trial = { images: [Array.from(numbers.uniforms(6))], classes: [1] };
  const quiet = { samples: 2, sigma: 0 };
  for (const [method, settings] of [
    [lossGradient, {}],
    [signedInputGradient, {}],
    [signedLossGradient, {}],
    [integratedGradients, { steps: 3, baseline: 'mean' }],
    [guidedIntegratedGradients, { steps: 5 }],
    [blurIntegratedGradients, { steps: 4, maxSigma: 2 }],
    [occlusion, { window: 2, baseline: 0.5 }],
  ] as const) {
    const over = { ...quiet, method: method.id, settings };
    const maps = await mapsOnLayers(noiseTunnel, layers, { ...trial, parameters: over });
    const expected = await mapsOnLayers(method as Method, layers, { ...trial, parameters: settings });
    expectClose(maps.flat(), expected.flat());
  }
  const over = { ...quiet, method: 'expected-gradients', settings: { samples: 3 } };
  const [map = []] = await mapsOnLayers(noiseTunnel, layers, { ...trial, parameters: over });
  expect(Math.max(...map.map(Math.abs))).toBeGreaterThan(0);
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
    attribute: (request) => overNoise(random.attribute, request, { samples: 400, sigma: 0, statistic: 'mean' }),
  });
  const layers = [{ kernel: [[1, 2]], bias: [0, 0] }];
  const [map = []] = await mapsOnLayers(over, layers, { images: [[1]] });
  // Five standard errors of a mean of 400.
  expect(Math.abs(at(map, 0))).toBeLessThan(5 / Math.sqrt(400));
  expect(at(map, 0)).not.toBe(0);
});

test('refuses settings by name', async () => {
  const explain = (given: Parameters) =>
    mapsOnLayers(noiseTunnel, [{ kernel: [[1]], bias: [0] }], { images: [[1]], parameters: given });
  await expect(explain({ method: 'oracle' })).rejects.toThrow(
    'method "noise-tunnel": method is "oracle", expected one of: input-gradient, signed-input-gradient',
  );
  await expect(explain({ statistic: 'median' })).rejects.toThrow(
    'statistic over noise is "median", expected one of: mean, square, variance',
  );
  await expect(explain({ method: 'occlusion', settings: { sigma: 1 } })).rejects.toThrow(
    'method "occlusion": parameter "sigma" is unknown',
  );
  await expect(explain({ samples: 0 })).rejects.toThrow('samples is 0, expected an integer from 1');
});
