import { beforeAll, expect, test } from 'vitest';
import { loadEngine } from '../harness/engine/index.ts';
import { evaluate } from '../harness/vitest/conformance/dense.ts';
import inputXGradient from './input-x-gradient.ts';
import { linear, mapsOnLayers, onLinear } from './support/trial.ts';

beforeAll(async () => {
  await loadEngine('wasm');
});

test('is x w_c on a linear model', async () => {
  const maps = await mapsOnLayers(inputXGradient, linear, onLinear);
  expect(maps).toEqual([
    [1, 4, -9],
    [-0, -5, 1],
  ]);
});

test('is incomplete with a bias: relu(x - 1) at 3 is 2, the map 3', async () => {
  const unit = [
    { kernel: [[1]], bias: [-1] },
    { kernel: [[1]], bias: [0] },
  ];
  expect(evaluate(unit, [3])).toEqual([2]);
  expect(await mapsOnLayers(inputXGradient, unit, { images: [[3]] })).toEqual([[3]]);
});

// Kindermans et al. 2019, section 3: the bias b - w.m undoes a shift of the input by m.
test('changes under a constant input shift that the bias undoes', async () => {
  const shifted = [{ kernel: [[1], [2]], bias: [-3] }];
  const original = [{ kernel: [[1], [2]], bias: [0] }];
  expect(evaluate(shifted, [2, 3])).toEqual(evaluate(original, [1, 2]));
  expect(await mapsOnLayers(inputXGradient, original, { images: [[1, 2]] })).toEqual([[1, 4]]);
  expect(await mapsOnLayers(inputXGradient, shifted, { images: [[2, 3]] })).toEqual([[2, 6]]);
});
