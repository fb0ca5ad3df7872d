import { type ImageShape, stream } from 'attribench';
import { Matrix, solve } from 'ml-matrix';
import { beforeAll, describe, expect, test } from 'vitest';
import { loadEngine } from '../harness/engine/index.ts';
import { at, evaluate, randomNetwork } from '../harness/vitest/conformance/dense.ts';
import lime from './lime.ts';
import { expectClose, mapsOnLayers } from './support/trial.ts';

beforeAll(async () => {
  await loadEngine('wasm');
});

const K = 6;
const linear = [{ kernel: [[1], [-2], [3], [0], [0.5], [4]], bias: [7] }];
const slopes = [1, -2, 3, 0, 0.5, 4];
const x = [1, 2, 3, 4, 5, -1];
const everyCoalition = Array.from({ length: 2 ** K }, (_, bits) =>
  Array.from({ length: K }, (_, k) => (bits >> k) & 1),
);

/** pi(z) of the doc comment. */
function weightOf(z: readonly number[], width: number): number {
  const cosine =
    z.reduce((sum, v) => sum + v, 0) / (Math.sqrt(z.reduce((sum, v) => sum + v * v, 0) || 1) * Math.sqrt(z.length));
  return Math.exp(-((1 - cosine) ** 2) / width ** 2);
}

/** Weighted ridge regression of f on these coalitions with an unpenalised intercept, as one linear system. */
function regression(
  coalitions: readonly (readonly number[])[],
  f: (z: readonly number[]) => number,
  width: number,
  ridge: number,
) {
  const design = new Matrix(coalitions.map((z) => [1, ...z]));
  const weights = Matrix.diag(coalitions.map((z) => weightOf(z, width)));
  const left = design.transpose().mmul(weights).mmul(design);
  for (let k = 1; k <= K; k++) left.set(k, k, left.get(k, k) + ridge);
  const right = design
    .transpose()
    .mmul(weights)
    .mmul(Matrix.columnVector(coalitions.map(f)));
  return solve(left, right).to1DArray().slice(1);
}

const pixels = { segmentSize: 1, score: 'logit' };

describe('on a linear model', () => {
  const f = (z: readonly number[]) => z.reduce((sum, present, k) => sum + present * at(slopes, k) * at(x, k), 7);

  test('without ridge is x w_c, from any samples that tell the segments apart', async () => {
    for (const samples of [40, 1000]) {
      const parameters = { ...pixels, samples, ridge: 0 };
      const [map] = await mapsOnLayers(lime, linear, { images: [x], parameters });
      expectClose(
        map,
        slopes.map((slope, k) => slope * at(x, k)),
        3,
      );
    }
  });

  test('with ridge comes near its expectation, the regression over all coalitions', async () => {
    // The ridge counts against the sum of weights: as strong a share over all 64 coalitions as over the samples.
    const samples = 20_000;
    const parameters = { ...pixels, samples, ridge: 500 };
    const [map] = await mapsOnLayers(lime, linear, { images: [x], parameters });
    const expected = regression(everyCoalition, f, 0.25, (500 * 2 ** K) / samples);
    expected.forEach((value, k) => {
      expect(Math.abs(at(map ?? [], k) - value)).toBeLessThan(0.1);
      // Far from the slopes without ridge, where there are any.
      if (at(slopes, k) !== 0) expect(Math.abs(value)).toBeLessThan(0.95 * Math.abs(at(slopes, k) * at(x, k)));
    });
  });
});

test('equals the regression on the very coalitions that the stream draws, superpixels included', async () => {
  const shape: ImageShape = [4, 6, 1];
  const numbers = stream('test', 'lime');
  const layers = randomNetwork(numbers, [24, 6, 3]);
  const image = Array.from(numbers.uniforms(24));
  const segmentOf = (k: number) => Math.floor(k / 12) * 3 + Math.floor((k % 6) / 2);
  const draws = stream('conformance', 'attribution', 0);
  const coalitions = Array.from({ length: 50 }, (_, s) =>
    Array.from({ length: K }, () => (s === 0 ? 1 : draws.integer(2))),
  );
  for (const score of ['logit', 'probability']) {
    const f = (z: readonly number[]) => {
      const logits = evaluate(
        layers,
        image.map((value, k) => (at(z, segmentOf(k)) === 1 ? value : 0.5)),
      );
      const total = logits.reduce((sum, logit) => sum + Math.exp(logit), 0);
      return score === 'logit' ? at(logits, 1) : Math.exp(at(logits, 1)) / total;
    };
    const parameters = { segmentSize: 2, samples: 50, width: 0.4, ridge: 0.3, baseline: 0.5, score };
    const [map] = await mapsOnLayers(lime, layers, { images: [image], classes: [1], shape, parameters });
    const expected = regression(coalitions, f, 0.4, 0.3);
    expectClose(
      map,
      image.map((_, k) => at(expected, segmentOf(k))),
      4,
    );
  }
});

test('refuses settings by name', async () => {
  const explain = (parameters: { samples?: number; score?: string }) =>
    mapsOnLayers(lime, linear, { images: [x], parameters });
  await expect(explain({ samples: 1.5 })).rejects.toThrow(
    '[attribench] method "lime": samples is 1.5, expected an integer from 1',
  );
  await expect(explain({ score: 'loss' })).rejects.toThrow(
    '[attribench] method "lime": score is "loss", expected "probability" or "logit"',
  );
});
