/**
 * Shapley value sampling and KernelSHAP against the definition: every coalition of up to 10 segments, one by one.
 */
import { type ImageShape, type Method, stream, tf } from 'attribench';
import { Matrix, solve } from 'ml-matrix';
import { beforeAll, describe, expect, test } from 'vitest';
import { loadEngine } from '../harness/engine/index.ts';
import { at, type Dense, type DenseNetwork, evaluate, randomNetwork } from '../harness/vitest/conformance/dense.ts';
import kernelShap from './kernel-shap.ts';
import shapleyValueSampling from './shapley-value-sampling.ts';
import { expectClose, linear, mapsOnFunction, mapsOnLayers, onLinear } from './support/trial.ts';

beforeAll(async () => {
  await loadEngine('wasm');
});

const both = [shapleyValueSampling, kernelShap];

/** phi_k = sum over coalitions S without k of |S|! (K - |S| - 1)! / K! (v(S + k) - v(S)); S as bits. */
function shapleyValues(players: number, v: (members: number) => number): number[] {
  const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1));
  const sizeOf = (members: number) => members.toString(2).replaceAll('0', '').length;
  return Array.from({ length: players }, (_, k) => {
    let value = 0;
    for (let members = 0; members < 2 ** players; members++) {
      if (members & (1 << k)) continue;
      const size = sizeOf(members);
      const weight = (factorial(size) * factorial(players - size - 1)) / factorial(players);
      value += weight * (v(members | (1 << k)) - v(members));
    }
    return value;
  });
}

/** The game of single pixels on a network: the logit of class c with the pixels outside the coalition at `baseline`. */
const pixelGame = (layers: DenseNetwork, x: readonly number[], c: number, baseline: number) => (members: number) =>
  at(
    evaluate(
      layers,
      x.map((value, k) => (members & (1 << k) ? value : baseline)),
    ),
    c,
  );

describe.each(both)('$id', (method) => {
  const pixels = { segmentSize: 1, samples: 2000 };

  test('is (x - baseline) w_c on a linear model, also with few samples', async () => {
    for (const samples of [6, 500]) {
      const parameters = { segmentSize: 1, samples, baseline: 0.5 };
      const maps = await mapsOnLayers(method, linear, { ...onLinear, parameters });
      expectClose(maps[0], [0.5, 3, -7.5]);
      expectClose(maps[1], [2, -7.5, 0.75]);
    }
  });

  test('two players: each gets the mean of its two marginal contributions', async () => {
    // v(1) = 3, v(2) = 5, v(12) = 20: phi = (3 + 15) / 2 and (5 + 17) / 2.
    const game = (x: tf.Tensor2D) => {
      const [a, b] = tf.split(x, 2, 1) as [tf.Tensor2D, tf.Tensor2D];
      return tf.add(tf.add(a.mul(3), b.mul(5)), a.mul(b).mul(12));
    };
    const [map = []] = await mapsOnFunction(method, game, { images: [[1, 1]], parameters: pixels });
    // 2000 orders of two: a standard error of 6 / sqrt(2000) = 0.13; KernelSHAP takes both coalitions.
    const digits = method === kernelShap ? 5 : -0.3;
    expectClose(map, [9, 11], digits);
    expect(at(map, 0) + at(map, 1)).toBeCloseTo(20, 4);
  });

  test('min(x, 1) of a saturated sum: the glove game of three gets thirds', async () => {
    const saturated = (x: tf.Tensor2D) => tf.minimum(tf.sum(x, 1), 1);
    const parameters = { ...pixels, samples: 6000 };
    const [map = []] = await mapsOnFunction(method, saturated, { images: [[1, 1, 1]], parameters });
    for (const value of map) expect(Math.abs(value - 1 / 3)).toBeLessThan(4 * Math.sqrt(2 / 9 / 6000));
  });

  test('a single segment gets everything; an image of the baseline gets zeros', async () => {
    const layers = randomNetwork(stream('shapley', 'single'), [12, 5, 3]);
    const x = Array.from(stream('shapley', 'x').uniforms(12));
    const shape: ImageShape = [3, 2, 2];
    const [map = []] = await mapsOnLayers(method, layers, { images: [x], shape });
    const total = at(evaluate(layers, x), 0) - at(evaluate(layers, new Array<number>(12).fill(0)), 0);
    expectClose(map, new Array<number>(12).fill(total / 12));
    const [zeros] = await mapsOnLayers(method, layers, { images: [new Array<number>(12).fill(0)], shape });
    expect(zeros?.every((value) => Math.abs(value) < 1e-6)).toBe(true);
  });

  test('superpixels: the map is the value of the segment shared by its coordinates', async () => {
    // 3 x 4 pixels in squares of 2: segments of 4, 4, 2 and 2 pixels, two channels.
    const shape: ImageShape = [3, 4, 2];
    const numbers = stream('shapley', 'segments');
    const layers = randomNetwork(numbers, [24, 6, 3]);
    const x = Array.from(numbers.uniforms(24));
    const segmentOf = (k: number) => Math.floor(k / 16) * 2 + Math.floor((Math.floor(k / 2) % 4) / 2);
    const v = (members: number) =>
      at(
        evaluate(
          layers,
          x.map((value, k) => (members & (1 << segmentOf(k)) ? value : 0)),
        ),
        1,
      );
    const phi = shapleyValues(4, v);
    const sizes = [8, 8, 4, 4];
    const parameters = { segmentSize: 2, samples: 4000 };
    const [map = []] = await mapsOnLayers(method, layers, { images: [x], classes: [1], shape, parameters });
    map.forEach((value, k) => {
      const segment = segmentOf(k);
      const digits = method === kernelShap ? 5 : 2;
      expect(value).toBeCloseTo(at(phi, segment) / at(sizes, segment), digits);
    });
  });

  test('refuses settings by name', async () => {
    const none = mapsOnLayers(method, [{ kernel: [[1]], bias: [0] }], { images: [[1]], parameters: { samples: 0 } });
    await expect(none).rejects.toThrow(`[attribench] method "${method.id}": samples is 0, expected an integer from 1`);
  });
});

test('the two ends of all random orders are asked for once', async () => {
  let rows = 0;
  const counted = (x: tf.Tensor2D) => {
    rows += x.shape[0];
    return tf.sum(x, 1, true) as tf.Tensor2D;
  };
  for (const [pixels, expected] of [
    [[1, 2, 3, 4], 2 + 7 * 3],
    [[1, 2], 2 + 7],
    [[1], 2],
  ] as const) {
    rows = 0;
    const [map = []] = await mapsOnFunction(shapleyValueSampling, counted, {
      images: [[...pixels]],
      parameters: { segmentSize: 1, samples: 7 },
    });
    expect(rows).toBe(expected);
    expectClose(map, [...pixels]);
  }
});

test('an unread pixel gets nothing from any random orders, and something from sampled KernelSHAP', async () => {
  const numbers = stream('shapley', 'dummy');
  const [first, ...rest] = randomNetwork(numbers, [12, 8, 3]) as [Dense, ...Dense[]];
  const layers = [{ ...first, kernel: first.kernel.with(5, new Array<number>(8).fill(0)) }, ...rest];
  const images = [Array.from(numbers.uniforms(12))];
  const dummy = async (method: Method, samples: number) =>
    Math.abs(at(at(await mapsOnLayers(method, layers, { images, parameters: { segmentSize: 1, samples } }), 0), 5));
  expect(await dummy(shapleyValueSampling, 2)).toBeLessThan(1e-5);
  expect(await dummy(kernelShap, 200)).toBeGreaterThan(1e-3);
  expect(await dummy(kernelShap, 2 ** 12)).toBeLessThan(1e-5);
});

describe('on 3 to 10 players of a random network', () => {
  const game = (players: number) => {
    const numbers = stream('shapley', players);
    const layers = randomNetwork(numbers, [players, 8, 6, 3]);
    const x = Array.from(numbers.uniforms(players, -1, 1));
    return { layers, x, phi: shapleyValues(players, pixelGame(layers, x, 2, 0.25)) };
  };

  test.each([3, 7, 10])('%i players: KernelSHAP over all coalitions is the Shapley value', async (players) => {
    const { layers, x, phi } = game(players);
    const parameters = { segmentSize: 1, samples: 2 ** players, baseline: 0.25 };
    expectClose((await mapsOnLayers(kernelShap, layers, { images: [x], classes: [2], parameters }))[0], phi, 4);
  });

  test('10 players: sampled KernelSHAP comes nearer with more samples, and always keeps the sum', async () => {
    const { layers, x, phi } = game(10);
    const errorOf = async (samples: number) => {
      const parameters = { segmentSize: 1, samples, baseline: 0.25 };
      const images = new Array<number[]>(20).fill(x);
      const maps = await mapsOnLayers(kernelShap, layers, { images, classes: images.map(() => 2), parameters });
      const total = phi.reduce((sum, value) => sum + value, 0);
      for (const map of maps) expect(map.reduce((sum, value) => sum + value, 0)).toBeCloseTo(total, 4);
      const squares = maps.flatMap((map) => map.map((value, k) => (value - at(phi, k)) ** 2));
      return Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / squares.length);
    };
    const [few, many] = [await errorOf(50), await errorOf(800)];
    // 16 times the samples: a quarter of the error, give or take.
    expect(many).toBeLessThan(few / 2.5);
    expect(many).toBeGreaterThan(few / 7);
  });

  test('10 players: sampled KernelSHAP is the regression on the coalitions that the stream draws and their complements', async () => {
    const { layers, x } = game(10);
    const v = pixelGame(layers, x, 2, 0.25);
    const samples = 61;
    const draws = stream('conformance', 'attribution', 0);
    const likely = Array.from({ length: 9 }, (_, k) => 1 / ((k + 1) * (9 - k)));
    const total = likely.reduce((sum, part) => sum + part, 0);
    const coalitions: number[] = [];
    while (coalitions.length < samples) {
      let point = draws.uniform() * total;
      let size = 1;
      for (; point >= at(likely, size - 1); size++) point -= at(likely, size - 1);
      const members = Array.from(draws.permutation(10).subarray(0, size)).reduce((bits, k) => bits | (1 << k), 0);
      coalitions.push(members, 1023 - members);
    }
    const design = new Matrix(
      coalitions.slice(0, samples).map((members) => Array.from({ length: 10 }, (_, k) => (members >> k) & 1)),
    );
    const gains = Matrix.columnVector(coalitions.slice(0, samples).map((members) => v(members) - v(0)));
    // The last value follows from the sum: phi_9 = total - the others.
    const last = design.getColumnVector(9);
    const others = design.subMatrix(0, samples - 1, 0, 8).sub(last.mmul(Matrix.ones(1, 9)));
    const rest = solve(others, gains.sub(last.mul(v(1023) - v(0))), true).to1DArray();
    const expected = [...rest, v(1023) - v(0) - rest.reduce((sum, value) => sum + value, 0)];
    const parameters = { segmentSize: 1, samples, baseline: 0.25 };
    expectClose((await mapsOnLayers(kernelShap, layers, { images: [x], classes: [2], parameters }))[0], expected, 4);
  });

  test('10 players: random orders are unbiased, with the error that their spread predicts', async () => {
    const { layers, x, phi } = game(10);
    const parameters = { segmentSize: 1, samples: 20, baseline: 0.25 };
    const images = new Array<number[]>(100).fill(x);
    const maps = await mapsOnLayers(shapleyValueSampling, layers, { images, classes: images.map(() => 2), parameters });
    phi.forEach((expected, k) => {
      const values = maps.map((map) => at(map, k));
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
      expect(Math.abs(mean - expected)).toBeLessThan(4 * Math.sqrt(variance / values.length) + 1e-5);
    });
  });
});
