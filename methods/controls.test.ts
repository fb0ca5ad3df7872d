import { type ImageShape, stream, tf } from 'attribench';
import { beforeAll, describe, expect, test } from 'vitest';
import { loadEngine } from '../harness/engine/index.ts';
import { buildDense } from '../harness/vitest/conformance/networks.ts';
import centre from './centre.ts';
import constant from './constant.ts';
import input from './input.ts';
import linearModel from './linear-model.ts';
import oracle from './oracle.ts';
import random from './random.ts';
import sobelEdges from './sobel-edges.ts';
import { expectClose, linear, mapsOnLayers } from './support/trial.ts';

beforeAll(async () => {
  await loadEngine('wasm');
});

/** A network that no control looks at. */
const anyNetwork = (shape: ImageShape) => [
  { kernel: Array.from({ length: shape[0] * shape[1] * shape[2] }, () => [1, -1]), bias: [0, 0] },
];
const zeros = (count: number) => new Array<number>(count).fill(0);

test('random is the stream of the image, N(0, 1)', async () => {
  const shape: ImageShape = [40, 25, 2];
  const images = [zeros(2000), zeros(2000)];
  const maps = await mapsOnLayers(random, anyNetwork(shape), { images, shape });
  maps.forEach((map, i) => {
    expect(map).toEqual(Array.from(stream('conformance', 'attribution', i).normals(2000)));
    const mean = map.reduce((sum, value) => sum + value, 0) / 2000;
    const variance = map.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 2000;
    // Five standard errors.
    expect(Math.abs(mean)).toBeLessThan(5 / Math.sqrt(2000));
    expect(Math.abs(variance - 1)).toBeLessThan(5 * Math.sqrt(2 / 2000));
  });
});

test('constant is 1 everywhere', async () => {
  expect(await mapsOnLayers(constant, anyNetwork([1, 3, 1]), { images: [[5, -1, 0]] })).toEqual([[1, 1, 1]]);
});

test('input is the image', async () => {
  const images = [
    [0.5, -1, 0, 2],
    [1, 2, 3, 4],
  ];
  expect(await mapsOnLayers(input, anyNetwork([1, 4, 1]), { images })).toEqual(images);
});

describe('centre', () => {
  test('is 1 in the middle, 0 in the corners, and falls with the distance', async () => {
    const [map] = await mapsOnLayers(centre, anyNetwork([3, 3, 1]), { images: [zeros(9)], shape: [3, 3, 1] });
    const side = 1 - 1 / Math.SQRT2;
    expectClose(map, [0, side, 0, side, 1, side, 0, side, 0], 6);
  });

  test('has its middle between pixels where a side is even', async () => {
    const [map] = await mapsOnLayers(centre, anyNetwork([1, 4, 1]), { images: [zeros(4)] });
    expectClose(map, [0, 2 / 3, 2 / 3, 0], 6);
    expect(await mapsOnLayers(centre, anyNetwork([1, 1, 1]), { images: [[7]] })).toEqual([[1]]);
  });
});

describe('sobel-edges', () => {
  const edges = async (image: readonly number[], shape: ImageShape) =>
    (await mapsOnLayers(sobelEdges, anyNetwork(shape), { images: [image], shape }))[0];

  test('finds nothing in an even image, not at its border either', async () => {
    expectClose(await edges(new Array<number>(12).fill(0.7), [3, 4, 1]), zeros(12), 6);
  });

  test('is 4 on both sides of a step of 1, upright or lying', async () => {
    const upright = [0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1];
    expectClose(await edges(upright, [3, 4, 1]), [0, 4, 4, 0, 0, 4, 4, 0, 0, 4, 4, 0], 5);
    const lying = [0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1];
    expectClose(await edges(lying, [4, 3, 1]), [0, 0, 0, 4, 4, 4, 4, 4, 4, 0, 0, 0], 5);
  });

  test('is |(8 a, 8 b)| inside a plane a column + b row', async () => {
    const plane = Array.from({ length: 25 }, (_, k) => 0.3 * (k % 5) + 0.4 * Math.floor(k / 5));
    expect((await edges(plane, [5, 5, 1]))?.[12]).toBeCloseTo(8 * 0.5, 5);
  });

  test('is the mean over channels', async () => {
    const step = [0, 0, 1, 1].flatMap((value) => [value, 0.5, -3 * value]);
    const expected = [0, (4 + 0 + 12) / 3, (4 + 0 + 12) / 3, 0].flatMap((value) => [value, value, value]);
    expectClose(await edges(step, [1, 4, 3]), expected, 5);
  });
});

/** A request as the harness makes it, on two images of three pixels. */
const request = () => ({
  network: buildDense([1, 3, 1], anyNetwork([1, 3, 1])).network,
  images: tf.zeros<tf.Rank.R4>([2, 1, 3, 1]),
  classes: tf.tensor1d([0, 1], 'int32'),
  streams: [0, 1].map((i) => stream('test', i)),
  bounds: { low: 0, high: 1 },
  signal: new AbortController().signal,
  progress: () => {},
});

describe('linear-model', () => {
  const explain = async (weights: string) => {
    const auxiliary = { linear: buildDense([1, 3, 1], linear).network };
    const given = { ...request(), reference: undefined, truth: undefined, auxiliary, parameters: { weights } };
    return Array.from(await (await linearModel.attribute(given)).data());
  };

  test('all-classes is the sum of |w_j|, whatever the class', async () => {
    expect(linearModel.parameters.weights).toBe('all-classes');
    expect(await explain('all-classes')).toEqual([5, 7, 3.5, 5, 7, 3.5]);
  });

  test('explained-class is w_c', async () => {
    expect(await explain('explained-class')).toEqual([1, 2, -3, -4, 5, 0.5]);
  });

  test('refuses another choice by name', async () => {
    await expect(explain('none')).rejects.toThrow(
      '[attribench] method "linear-model": weights is "none", expected "all-classes" or "explained-class"',
    );
  });
});

test('oracle is the signal mask', async () => {
  const truth = tf.tensor4d([0, 1, 1, 1, 0, 0], [2, 1, 3, 1]);
  const given = { ...request(), reference: undefined, truth, auxiliary: undefined, parameters: {} };
  const map = await oracle.attribute(given);
  expect(map.shape).toEqual([2, 1, 3, 1]);
  expect(Array.from(await map.data())).toEqual([0, 1, 1, 1, 0, 0]);
  map.dispose();
  expect(truth.isDisposed).toBe(false);
});
