import { stream, tf } from 'attribench';
import { beforeAll, describe, expect, test } from 'vitest';
import { loadEngine } from '../harness/engine/index.ts';
import { at, evaluate, randomNetwork } from '../harness/vitest/conformance/dense.ts';
import integratedGradients from './integrated-gradients.ts';
import { expectClose, mapsOnFunction, mapsOnLayers, saturating } from './support/trial.ts';

beforeAll(async () => {
  await loadEngine('wasm');
});

test('is (x - baseline) w_c on a linear model', async () => {
  const linear = [
    {
      kernel: [
        [1, -4],
        [2, 5],
        [-3, 0.5],
      ],
      bias: [7, 8],
    },
  ];
  const trial = {
    images: [
      [1, 2, 3],
      [0, -1, 2],
    ],
    classes: [0, 1],
    parameters: { baseline: 0.5 },
  };
  const maps = await mapsOnLayers(integratedGradients, linear, trial);
  for (const [i, expected] of [
    [0.5, 3, -7.5],
    [2, -7.5, 0.75],
  ].entries()) {
    expectClose(maps[i], expected);
  }
});

test('credits a saturated input with its rise: min(x, 1) at 2 gets 1, to one point of 50', async () => {
  for (const rule of ['gauss-legendre', 'midpoint']) {
    const [map = []] = await mapsOnLayers(integratedGradients, saturating(1), { images: [[2]], parameters: { rule } });
    expect(Math.abs(at(map, 0) - 1)).toBeLessThan(1 / 50);
  }
});

describe('on the cube of the sum, whose map is x_i (sum x)^2', () => {
  const cube = (x: tf.Tensor2D) => tf.pow(tf.sum(x, 1), 3);
  const images = [[0.5, 1, -0.25]];
  const expected = [0.5, 1, -0.25].map((x) => x * 1.25 ** 2);

  test('two Gauss-Legendre steps are exact', async () => {
    const [map = []] = await mapsOnFunction(integratedGradients, cube, { images, parameters: { steps: 2 } });
    expectClose(map, expected);
  });

  test('n midpoints err by 1 / 4 n^2 of it: the integral of 3 a^2 is off by as much', async () => {
    for (const steps of [1, 2, 5]) {
      const parameters = { steps, rule: 'midpoint' };
      const [map = []] = await mapsOnFunction(integratedGradients, cube, { images, parameters });
      expectClose(
        map,
        expected.map((value) => value * (1 - 1 / (4 * steps ** 2))),
      );
    }
  });
});

test('equals its definition, one central difference at a time', async () => {
  const numbers = stream('test', 'integrated-gradients');
  const layers = randomNetwork(numbers, [6, 5, 4, 3]);
  const x = Array.from(numbers.uniforms(6));
  const parameters = { steps: 7, baseline: 0.25, rule: 'midpoint' };
  const [map = []] = await mapsOnLayers(integratedGradients, layers, { images: [x], classes: [1], parameters });
  x.forEach((_, i) => {
    let sum = 0;
    for (let step = 0; step < 7; step++) {
      const point = x.map((value) => 0.25 + ((step + 0.5) / 7) * (value - 0.25));
      const logit = (move: number) => at(evaluate(layers, point.with(i, at(point, i) + move)), 1);
      sum += (logit(1e-5) - logit(-1e-5)) / 2e-5;
    }
    expect(map[i]).toBeCloseTo((at(x, i) - 0.25) * (sum / 7), 5);
  });
});

test('does the same in many small blocks as in one', async () => {
  const numbers = stream('test', 'blocks');
  const layers = randomNetwork(numbers, [6, 5, 3]);
  const images = Array.from({ length: 200 }, () => Array.from(numbers.uniforms(6)));
  const together = await mapsOnLayers(integratedGradients, layers, { images });
  const [alone = []] = await mapsOnLayers(integratedGradients, layers, { images: images.slice(199) });
  expectClose(together[199], alone, 6);
});

test('refuses settings by name', async () => {
  const explain = (parameters: { steps?: number; rule?: string }) =>
    mapsOnLayers(integratedGradients, saturating(1), { images: [[1]], parameters });
  await expect(explain({ steps: 0 })).rejects.toThrow(
    '[attribench] method "integrated-gradients": steps is 0, expected an integer from 1',
  );
  await expect(explain({ rule: 'simpson' })).rejects.toThrow(
    '[attribench] quadrature rule is "simpson", expected one of: gauss-legendre, midpoint',
  );
});
