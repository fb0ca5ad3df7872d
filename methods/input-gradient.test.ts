import { stream } from 'attribench';
import { beforeAll, expect, test } from 'vitest';
import { loadEngine } from '../harness/engine/index.ts';
import { at, evaluate, randomNetwork } from '../harness/vitest/conformance/dense.ts';
import inputGradient from './input-gradient.ts';
import { linear, mapsOnLayers, saturating } from './support/trial.ts';

beforeAll(async () => {
  await loadEngine('wasm');
});

test('is w_c on a linear model, whatever the image', async () => {
  const maps = await mapsOnLayers(inputGradient, linear, {
    images: [
      [0, 0, 0],
      [9, -1, 2],
    ],
    classes: [0, 1],
  });
  expect(maps).toEqual([
    [1, 2, -3],
    [-4, 5, 0.5],
  ]);
});

test('is v w where one ReLU v relu(w x + b) is active, zero elsewhere', async () => {
  const unit = [
    { kernel: [[2], [-1]], bias: [-1] },
    { kernel: [[3]], bias: [10] },
  ];
  const maps = await mapsOnLayers(inputGradient, unit, {
    images: [
      [1, 0],
      [0, 1],
    ],
  });
  expect(maps).toEqual([
    [6, -3],
    [0, 0],
  ]);
});

test('equals central differences of the logit', async () => {
  const numbers = stream('test', 'input-gradient');
  const layers = randomNetwork(numbers, [6, 5, 4, 3]);
  const x = Array.from(numbers.uniforms(6));
  const [map = []] = await mapsOnLayers(inputGradient, layers, { images: [x], classes: [2] });
  const step = 1e-5;
  x.forEach((_, i) => {
    const logit = (move: number) => at(evaluate(layers, x.with(i, at(x, i) + move)), 2);
    expect(map[i]).toBeCloseTo((logit(step) - logit(-step)) / (2 * step), 5);
  });
});

// Sundararajan, Taly, Yan 2017, section 2.1: f(x) = 1 - relu(1 - x) at x = 2, baseline 0.
test('is neither sensitive nor complete: zero on a saturated logit that rose from 0 to 1', async () => {
  const [map] = await mapsOnLayers(inputGradient, saturating(1), { images: [[2]] });
  expect(evaluate(saturating(1), [2])).toEqual([1]);
  expect(evaluate(saturating(1), [0])).toEqual([0]);
  expect(map).toEqual([0]);
});
