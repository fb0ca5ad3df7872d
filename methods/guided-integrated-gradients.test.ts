import { stream, tf } from 'attribench';
import { beforeAll, describe, expect, test } from 'vitest';
import { loadEngine } from '../harness/engine/index.ts';
import { at } from '../harness/vitest/conformance/dense.ts';
import guided from './guided-integrated-gradients.ts';
import integratedGradients from './integrated-gradients.ts';
import { GuidedPath } from './support/guided-path.ts';
import { expectClose, linear, mapsOnFunction, mapsOnLayers, onLinear, saturating } from './support/trial.ts';

beforeAll(async () => {
  await loadEngine('wasm');
});

describe('the path', () => {
  const settings = { steps: 10, fraction: 0.25, maxDistance: 0.3 };

  test('covers 1/steps of the L1 way a step, stays near the straight path, and arrives', () => {
    const numbers = stream('test', 'guided-path');
    const way = Float64Array.from(numbers.uniforms(30, -1, 1)).map((value, k) => (k % 3 === 0 ? 0 : value));
    const path = new GuidedPath(way, settings);
    const length = way.reduce((sum, value) => sum + Math.abs(value), 0);
    for (let step = 1; step <= 10; step++) {
      path.advance(numbers.normals(30));
      const done = way.reduce((sum, value, k) => sum + Math.abs(value) * (path.shares[k] ?? 0), 0);
      expect(done / length).toBeCloseTo(step / 10, 6);
      way.forEach((value, k) => {
        if (value !== 0) expect(Math.abs((path.shares[k] ?? 0) - step / 10)).toBeLessThan(0.3 + 1e-9);
      });
    }
    expect(path.shares.every((share, k) => way[k] === 0 || Math.abs(share - 1) < 1e-9)).toBe(true);
  });

  test('moves the coordinate of least gradient first, by as much as it may', () => {
    const path = new GuidedPath(Float64Array.of(1, -1), { steps: 4, fraction: 0.25, maxDistance: 0.5 });
    path.advance([-0.1, 5]);
    expectClose(Array.from(path.shares), [0.5, 0]);
    expectClose(Array.from(path.attribution), [-0.05, 0]);
    path.advance([0.1, 5]);
    expectClose(Array.from(path.shares), [1, 0]);
    path.advance([0.1, 5]);
    expectClose(Array.from(path.shares), [1, 0.5]);
    expectClose(Array.from(path.attribution), [0, -2.5]);
  });

  test('goes straight where all coordinates are alike', () => {
    const path = new GuidedPath(Float64Array.of(1, 2), settings);
    path.advance([3, 3]);
    expectClose(Array.from(path.shares), [0.1, 0.1]);
  });
});

test('is (x - baseline) w_c on a linear model', async () => {
  const parameters = { baseline: 0.5, steps: 20 };
  const maps = await mapsOnLayers(guided, linear, { ...onLinear, parameters });
  expectClose(maps.flat(), [0.5, 3, -7.5, 2, -7.5, 0.75]);
});

test('equals integrated gradients of one coordinate, to one step', async () => {
  const [map = []] = await mapsOnLayers(guided, saturating(1), { images: [[2]] });
  expect(Math.abs(at(map, 0) - 1)).toBeLessThan(2 / 200);
});

describe('on a smooth function of three coordinates', () => {
  // f(x) = (x_0 + 2 x_1 - x_2)^3 + x_1^2
  const smooth = (x: tf.Tensor2D) => {
    const [a, b, c] = tf.unstack(x, 1) as [tf.Tensor1D, tf.Tensor1D, tf.Tensor1D];
    return tf.add(tf.pow(tf.sub(tf.add(a, tf.mul(b, 2)), c), 3), tf.square(b));
  };
  const images = [[0.5, 0.8, 0.6]];
  const rise = (0.5 + 1.6 - 0.6) ** 3 + 0.64;

  test('sums to f(x) - f(0) but for an error in proportion to 1/steps', async () => {
    const errors: number[] = [];
    for (const steps of [50, 100, 200, 400]) {
      const [map = []] = await mapsOnFunction(guided, smooth, { images, parameters: { steps, maxDistance: 0.2 } });
      errors.push(Math.abs(map.reduce((sum, value) => sum + value, 0) - rise));
    }
    errors.slice(1).forEach((error, k) => {
      expect(error / at(errors, k)).toBeCloseTo(0.5, 1);
    });
  });

  test('goes another way than integrated gradients', async () => {
    const [map = []] = await mapsOnFunction(guided, smooth, { images, parameters: { maxDistance: 0.2 } });
    const [straight = []] = await mapsOnFunction(integratedGradients, smooth, { images });
    expect(Math.max(...map.map((value, k) => Math.abs(value - at(straight, k))))).toBeGreaterThan(0.1);
  });
});
