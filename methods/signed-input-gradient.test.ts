import { beforeAll, expect, test } from 'vitest';
import { loadEngine } from '../harness/engine/index.ts';
import signedInputGradient from './signed-input-gradient.ts';
import { mapsOnLayers } from './support/trial.ts';

beforeAll(async () => {
  await loadEngine('wasm');
});

test('is w_c with the sign of the input, zero where that is zero', async () => {
  const linear = [{ kernel: [[1], [2], [-3], [4]], bias: [5] }];
  const [map = []] = await mapsOnLayers(signedInputGradient, linear, { images: [[0.5, -2, 7, 0]] });
  expect(map).toEqual([1, -2, -3, 0]);
});
