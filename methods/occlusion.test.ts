import type { ImageShape } from 'attribench';
import { stream } from 'attribench';
import { beforeAll, describe, expect, test } from 'vitest';
import { loadEngine } from '../harness/engine/index.ts';
import { at, type DenseNetwork, evaluate, randomNetwork } from '../harness/vitest/conformance/dense.ts';
import occlusion from './occlusion.ts';
import { expectClose, mapsOnLayers } from './support/trial.ts';

beforeAll(async () => {
  await loadEngine('wasm');
});

/** The definition, one window and one pixel at a time: the map of logit 0, [height][width]. */
function twin(
  layers: DenseNetwork,
  x: readonly number[],
  shape: ImageShape,
  window: number,
  stride: number,
  fill: number,
) {
  const [height, width, channels] = shape;
  const sum = Array.from({ length: height }, () => new Array<number>(width).fill(0));
  const times = Array.from({ length: height }, () => new Array<number>(width).fill(0));
  const reaches = (start: number, size: number) => start === 0 || start - stride + window < size;
  for (let top = 0; reaches(top, height); top += stride) {
    for (let left = 0; reaches(left, width); left += stride) {
      const inside = (row: number, column: number) =>
        row >= top && row < top + window && column >= left && column < left + window;
      const occluded = x.map((value, k) =>
        inside(Math.floor(k / (width * channels)), Math.floor(k / channels) % width) ? fill : value,
      );
      const fall = at(evaluate(layers, x), 0) - at(evaluate(layers, occluded), 0);
      sum.forEach((line, row) => {
        line.forEach((_, column) => {
          if (!inside(row, column)) return;
          line[column] = at(line, column) + fall;
          at(times, row)[column] = at(at(times, row), column) + 1;
        });
      });
    }
  }
  return sum.flatMap((line, row) => line.map((total, column) => total / Math.max(1, at(at(times, row), column))));
}

describe.each<[ImageShape, number, number, number]>([
  [[8, 6, 1], 4, 2, 0],
  [[7, 5, 1], 4, 2, 0.5],
  [[5, 7, 3], 2, 2, 0.25],
  [[5, 5, 1], 2, 3, 0],
  [[3, 3, 1], 4, 2, 0],
  [[4, 4, 2], 1, 1, 1],
])('images %j, window %i, stride %i, baseline %f', (shape, window, stride, baseline) => {
  test('equals the definition', async () => {
    const numbers = stream('test', 'occlusion');
    const size = shape[0] * shape[1] * shape[2];
    const layers = randomNetwork(numbers, [size, 6, 3]);
    const images = [0, 1].map(() => Array.from(numbers.uniforms(size)));
    const maps = await mapsOnLayers(occlusion, layers, { images, shape, parameters: { window, stride, baseline } });
    maps.forEach((map, i) => {
      const expected = twin(layers, at(images, i), shape, window, stride, baseline);
      expectClose(
        map,
        map.map((_, k) => at(expected, Math.floor(k / shape[2]))),
        4,
      );
    });
  });
});

test('with a window of one pixel is x w_c on a linear model, summed over channels', async () => {
  const linear = [{ kernel: [[1], [2], [-3], [4]], bias: [5] }];
  const images = [[1, 2, 3, 0.5]];
  const parameters = { window: 1, stride: 1 };
  expect(await mapsOnLayers(occlusion, linear, { images, parameters })).toEqual([[1, 4, -9, 2]]);
  expect(await mapsOnLayers(occlusion, linear, { images, parameters, shape: [1, 2, 2] })).toEqual([[5, 5, -7, -7]]);
});

test('is no dummy: a pixel that is not read shares its windows with one that is', async () => {
  const onlyFirst = [{ kernel: [[1], [0], [0], [0]], bias: [0] }];
  const [map] = await mapsOnLayers(occlusion, onlyFirst, { images: [[1, 1, 1, 1]], shape: [2, 2, 1] });
  expect(map).toEqual([1, 1, 1, 1]);
});

test('an image of the baseline gets exact zeros', async () => {
  const layers = randomNetwork(stream('test', 'zeros'), [48, 6, 3]);
  const [map = []] = await mapsOnLayers(occlusion, layers, {
    images: [new Array<number>(48).fill(0)],
    shape: [8, 6, 1],
  });
  expect(map.every((value) => value === 0)).toBe(true);
});

test('refuses settings by name', async () => {
  const none = mapsOnLayers(occlusion, [{ kernel: [[1]], bias: [0] }], { images: [[1]], parameters: { stride: 0 } });
  await expect(none).rejects.toThrow('[attribench] method "occlusion": stride is 0, expected an integer from 1');
});
