import { stream } from 'attribench';
import { beforeAll, expect, test } from 'vitest';
import { loadEngine } from '../harness/engine/index.ts';
import { at, evaluate, randomNetwork } from '../harness/vitest/conformance/dense.ts';
import lossGradient from './loss-gradient.ts';
import { mapsOnLayers } from './support/trial.ts';

beforeAll(async () => {
  await loadEngine('wasm');
});

/** -log softmax(logits)[c] in float64. */
function crossEntropy(logits: readonly number[], c: number): number {
  return Math.log(logits.reduce((sum, z) => sum + Math.exp(z - at(logits, c)), 0));
}

test('is p (w_other - w_c) on a linear model of two classes, p the probability of the other class', async () => {
  const linear = [
    {
      kernel: [
        [1, -1],
        [2, 0],
      ],
      bias: [0.5, 0],
    },
  ];
  const [map = []] = await mapsOnLayers(lossGradient, linear, { images: [[0.3, 0.1]] });
  const p = 1 / (1 + Math.exp(0.3 * 2 + 0.1 * 2 + 0.5));
  expect(map[0]).toBeCloseTo(-2 * p, 6);
  expect(map[1]).toBeCloseTo(-2 * p, 6);
});

test('equals central differences of the cross-entropy', async () => {
  const numbers = stream('test', 'loss-gradient');
  const layers = randomNetwork(numbers, [6, 5, 4, 3]);
  const x = Array.from(numbers.uniforms(6));
  const [map = []] = await mapsOnLayers(lossGradient, layers, { images: [x], classes: [1] });
  const step = 1e-5;
  x.forEach((_, i) => {
    const loss = (move: number) => crossEntropy(evaluate(layers, x.with(i, at(x, i) + move)), 1);
    expect(map[i]).toBeCloseTo((loss(step) - loss(-step)) / (2 * step), 5);
  });
});

test('keeps its direction where the network is certain: margins up to 60 logits', async () => {
  for (const margin of [5, 15, 20, 30, 60]) {
    const linear = [
      {
        kernel: [
          [1, -1],
          [0.25, -0.5],
        ],
        bias: [margin, 0],
      },
    ];
    const [map = []] = await mapsOnLayers(lossGradient, linear, { images: [[0, 0]] });
    const p = 1 / (1 + Math.exp(margin));
    expect(at(map, 0) / p).toBeCloseTo(-2, 4);
    expect(at(map, 1) / p).toBeCloseTo(-0.75, 4);
  }
});
