import { type Method, type Parameters, stream, tf } from 'attribench';
import { beforeAll, expect, test } from 'vitest';
import { loadEngine } from '../harness/engine/index.ts';
import { at, randomNetwork } from '../harness/vitest/conformance/dense.ts';
import deconvolution from './deconvolution.ts';
import deepShap from './deep-shap.ts';
import gradCam from './grad-cam.ts';
import inputGradient from './input-gradient.ts';
import integratedGradients from './integrated-gradients.ts';
import lrpEpsilon from './lrp-epsilon.ts';
import noiseTunnelOverInputXGradient from './noise-tunnel.ts';
import occlusion from './occlusion.ts';
import random from './random.ts';
import smoothGrad from './smooth-grad.ts';
import smoothGradSquared from './smooth-grad-squared.ts';
import { noiseTunnel } from './support/noise-tunnel.ts';
import { expectClose, mapsOnConvolutions, mapsOnFunction, mapsOnLayers } from './support/trial.ts';
import varGrad from './var-grad.ts';

beforeAll(async () => {
  await loadEngine('wasm');
});

const described = { id: 'over-noise', title: 'Over noise', cite: 'none', revision: 1 };

test.each([
  ['mean', 'smooth-grad', smoothGrad],
  ['square', 'smooth-grad-squared', smoothGradSquared],
  ['variance', 'var-grad', varGrad],
] as const)('the %s over the input gradient is %s', async (statistic, _, method) => {
  const numbers = stream('test', 'noise-tunnel');
  const layers = randomNetwork(numbers, [6, 8, 3]);
  const parameters = { samples: 6, sigma: 0.2 };
  const trial = { images: [0, 1, 2].map(() => Array.from(numbers.uniforms(6))), classes: [0, 1, 2], parameters };
  const tunnel = noiseTunnel(inputGradient, { ...described, statistic });
  const maps = await mapsOnLayers(tunnel, layers, trial);
  const expected = await mapsOnLayers(method, layers, trial);
  expectClose(maps.flat(), expected.flat());
  expect(new Set(tunnel.axioms)).toEqual(new Set(method.axioms));
});

test.each<[string, Method, Parameters]>([
  ['occlusion', occlusion, { window: 2, baseline: 0.5 }],
  ['integrated-gradients', integratedGradients, { steps: 3, baseline: 'mean' }],
  ['lrp-epsilon', lrpEpsilon, { epsilon: 0.1 }],
  ['deconvolution', deconvolution, {}],
  ['deep-shap', deepShap, {}],
  ['grad-cam', gradCam, { layer: 'relu-1' }],
])('without noise %s is itself, with what it needs and its settings', async (_, method, settings) => {
  const tunnel: Method = noiseTunnel(method, { ...described, samples: 2, sigma: 0 });
  expect(tunnel).toMatchObject({ needs: method.needs, requires: method.requires, rank: method.rank });
  const numbers = stream('test', 'inner');
  const trial = { images: [Array.from(numbers.uniforms(48))], classes: [1], shape: [8, 6, 1] } as const;
  const maps = await mapsOnConvolutions(tunnel, { ...trial, parameters: { settings } });
  const expected = await mapsOnConvolutions(method, { ...trial, parameters: settings });
  expectClose(maps.flat(), expected.flat());
});

test('over input x gradient, on half the squared norm, is the mean square of the noisy image', async () => {
  const half = (x: tf.Tensor2D) => tf.sum(tf.square(x), 1).div(2);
  const x = [0, 0.5, 2];
  const parameters = { samples: 4, sigma: 0.2 };
  const [map] = await mapsOnFunction(noiseTunnelOverInputXGradient, half, { images: [x], parameters });
  const noise = stream('conformance', 'attribution', 0);
  const copies = Array.from({ length: 4 }, () => Array.from(noise.normals(3), (e, k) => at(x, k) + 0.2 * 2 * e));
  expectClose(
    map,
    x.map((_, k) => copies.reduce((sum, copy) => sum + at(copy, k) ** 2, 0) / 4),
  );
});

test('gives a random inner method other numbers for each copy', async () => {
  const over = noiseTunnel(random, { ...described, samples: 400, sigma: 0 });
  const layers = [{ kernel: [[1, 2]], bias: [0, 0] }];
  const [map = []] = await mapsOnLayers(over, layers, { images: [[1]] });
  // Five standard errors of a mean of 400.
  expect(Math.abs(at(map, 0))).toBeLessThan(5 / Math.sqrt(400));
  expect(at(map, 0)).not.toBe(0);
});

test('a square or a variance is never negative, and no sum of them is the square of a sum', () => {
  for (const statistic of ['square', 'variance']) {
    const tunnel = noiseTunnel(inputGradient, { ...described, statistic });
    expect(tunnel.axioms).not.toContain('linearity');
    expect(tunnel.rank).toBe('magnitude');
  }
});

test('refuses settings by name', async () => {
  const explain = (parameters: Parameters) =>
    mapsOnLayers(noiseTunnel(occlusion, described), [{ kernel: [[1]], bias: [0] }], { images: [[1]], parameters });
  await expect(explain({ statistic: 'median' })).rejects.toThrow(
    'method "over-noise": statistic is "median", expected one of: mean, square, variance',
  );
  await expect(explain({ settings: { sigma: 1 } })).rejects.toThrow('method "occlusion": parameter "sigma" is unknown');
  await expect(explain({ samples: 0 })).rejects.toThrow(
    'method "over-noise": samples is 0, expected an integer from 1',
  );
});
