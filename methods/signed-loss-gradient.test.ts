import { stream } from 'attribench';
import { beforeAll, expect, test } from 'vitest';
import { loadEngine } from '../harness/engine/index.ts';
import { at, evaluate, randomNetwork } from '../harness/vitest/conformance/dense.ts';
import signedLossGradient from './signed-loss-gradient.ts';
import { mapsOnLayers } from './support/trial.ts';

beforeAll(async () => {
  await loadEngine('wasm');
});

test('is the rise of log softmax_c by central differences, with the sign of the input', async () => {
  const numbers = stream('test', 'signed-loss-gradient');
  const layers = randomNetwork(numbers, [5, 6, 3]);
  const x = [0.7, -0.4, 0, 1.2, -2];
  const [map = []] = await mapsOnLayers(signedLossGradient, layers, { images: [x], classes: [1] });
  const score = (point: readonly number[]) => {
    const logits = evaluate(layers, point);
    return at(logits, 1) - Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit), 0));
  };
  for (const [k, value] of x.entries()) {
    const slope = (score(x.with(k, value + 1e-5)) - score(x.with(k, value - 1e-5))) / 2e-5;
    expect(map[k]).toBeCloseTo(Math.sign(value) * slope, 4);
  }
});
