import { type ImageShape, stream } from 'attribench';
import { beforeAll, expect, test } from 'vitest';
import { loadEngine } from '../harness/engine/index.ts';
import { at, evaluate, randomNetwork } from '../harness/vitest/conformance/dense.ts';
import meaningfulPerturbation from './meaningful-perturbation.ts';
import { expectClose, mapsOnLayers } from './support/trial.ts';

beforeAll(async () => {
  await loadEngine('wasm');
});

const pixelwise = {
  iterations: 10,
  coarseness: 1,
  replacement: 'constant',
  baseline: 0,
  score: 'logit',
  smoothness: 0,
};

// On a linear model without smoothness the loss is linear in each cell of the mask: sum of m_k (w_k x_k - area / K).
test('on a linear model deletes exactly the pixels whose credit beats their area', async () => {
  const linear = [{ kernel: [[1], [-2], [0.5], [0.1]], bias: [3] }];
  const x = [1, 1, -1, 2];
  const explain = async (area: number) =>
    (await mapsOnLayers(meaningfulPerturbation, linear, { images: [x], parameters: { ...pixelwise, area } }))[0];
  // w x = 1, -2, -0.5, 0.2
  expectClose(await explain(0.4), [1, 0, 0, 1]);
  expectClose(await explain(1.2), [1, 0, 0, 0]);
  expectClose(await explain(4.4), [0, 0, 0, 0]);
});

test('replaces by the baseline: a pixel of the baseline has no credit', async () => {
  const linear = [{ kernel: [[1], [1]], bias: [0] }];
  const parameters = { ...pixelwise, area: 0.01, baseline: 0.5 };
  const [map] = await mapsOnLayers(meaningfulPerturbation, linear, { images: [[1, 0.5]], parameters });
  expectClose(map, [1, 0]);
});

/** The loss of the doc comment at m, in float64. */
const shape: ImageShape = [5, 4, 1];
const cells = [3, 2] as const;
const numbers = stream('test', 'meaningful-perturbation');
const layers = randomNetwork(numbers, [20, 8, 3]);
const x = Array.from(numbers.uniforms(20));

function stretched(m: readonly number[]): number[] {
  const along = (pixel: number, cell: number, count: number, length: number) => {
    const place = Math.min(count - 1, Math.max(0, ((pixel + 0.5) * count) / length - 0.5));
    return Math.max(0, 1 - Math.abs(place - cell));
  };
  return x.map((_, p) =>
    m.reduce(
      (sum, value, k) =>
        sum + value * along(Math.floor(p / 4), Math.floor(k / 2), cells[0], 5) * along(p % 4, k % 2, cells[1], 4),
      0,
    ),
  );
}

/** The price of the area, below what there is to gain. */
const areaOf = (score: string) => (score === 'logit' ? 0.3 : 0.03);

function loss(m: readonly number[], score: string): number {
  const mask = stretched(m);
  const logits = evaluate(
    layers,
    x.map((value, p) => at(mask, p) * value + (1 - at(mask, p)) * 0.25),
  );
  const total = logits.reduce((sum, logit) => sum + Math.exp(logit), 0);
  const f = score === 'logit' ? at(logits, 1) : Math.exp(at(logits, 1)) / total;
  const cubes = m.map((value, k) => {
    const below = m[k + 2];
    const right = k % 2 === 0 ? m[k + 1] : undefined;
    return Math.abs((below ?? value) - value) ** 3 + Math.abs((right ?? value) - value) ** 3;
  });
  const area = m.reduce((sum, value) => sum + Math.abs(1 - value), 0);
  return f + (areaOf(score) * area + 2 * cubes.reduce((sum, cube) => sum + cube, 0)) / m.length;
}

test.each(['logit', 'probability'])(
  'equals Adam on central differences of its loss, step by step: %s',
  async (score) => {
    const iterations = 12;
    const parameters = {
      iterations,
      area: areaOf(score),
      smoothness: 2,
      coarseness: 2,
      replacement: 'constant',
      baseline: 0.25,
      learningRate: 0.05,
      score,
    };
    const [map] = await mapsOnLayers(meaningfulPerturbation, layers, { images: [x], classes: [1], shape, parameters });
    let m = new Array<number>(6).fill(0.5);
    let first = m.map(() => 0);
    let second = m.map(() => 0);
    for (let step = 1; step <= iterations; step++) {
      const slope = m.map(
        (value, k) => (loss(m.with(k, value + 1e-5), score) - loss(m.with(k, value - 1e-5), score)) / 2e-5,
      );
      first = first.map((value, k) => 0.9 * value + 0.1 * at(slope, k));
      second = second.map((value, k) => 0.999 * value + 0.001 * at(slope, k) ** 2);
      m = m.map((value, k) => {
        const move = at(first, k) / (1 - 0.9 ** step) / (Math.sqrt(at(second, k) / (1 - 0.999 ** step)) + 1e-8);
        return Math.min(1, Math.max(0, value - 0.05 * move));
      });
    }
    expectClose(
      map,
      stretched(m).map((kept) => 1 - kept),
      3,
    );
    expect(Math.max(...m) - Math.min(...m)).toBeGreaterThan(0.1);
  },
);

test('a blurred image in place of the baseline: nothing is deleted where blurring changes nothing', async () => {
  // A line at the left, an even field at the right: deep inside the field a blur of one pixel changes nothing.
  const [height, width] = [12, 24];
  const image = Array.from({ length: height * width }, (_, p) => (p % width === 3 || p % width > 12 ? 1 : 0));
  const sum = [{ kernel: image.map((value) => [value]), bias: [0] }];
  const parameters = { iterations: 20, coarseness: 1, sigma: 1, area: 0.24, smoothness: 0, score: 'logit' };
  const shape: ImageShape = [height, width, 1];
  const [map = []] = await mapsOnLayers(meaningfulPerturbation, sum, { images: [image], shape, parameters });
  expect(at(map, 6 * width + 3)).toBeCloseTo(1, 5);
  for (const column of [17, 18, 19]) expect(at(map, 6 * width + column)).toBeCloseTo(0, 5);
});

test('refuses settings by name', async () => {
  const explain = (parameters: { replacement?: string; iterations?: number }) =>
    mapsOnLayers(meaningfulPerturbation, layers, { images: [x], shape, parameters });
  await expect(explain({ replacement: 'noise' })).rejects.toThrow(
    '[attribench] method "meaningful-perturbation": replacement is "noise", expected "blur" or "constant"',
  );
  await expect(explain({ iterations: 0 })).rejects.toThrow('iterations is 0, expected an integer from 1');
});
