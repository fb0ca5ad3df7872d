import { type ImageShape, type Parameters, stream, tf } from 'attribench';
import { beforeAll, describe, expect, test } from 'vitest';
import { loadEngine } from '../harness/engine/index.ts';
import { checkAxiom } from '../harness/vitest/conformance/axioms.ts';
import { behaviours, checkOnEach, makeTrials } from '../harness/vitest/conformance/behaviours.ts';
import { at, type Dense, evaluate, randomNetwork } from '../harness/vitest/conformance/dense.ts';
import { referenceImages, subject } from '../harness/vitest/conformance/subject.ts';
import expectedGradients from './expected-gradients.ts';
import integratedGradients from './integrated-gradients.ts';
import { blur } from './support/blur.ts';
import { expectClose, linear, mapsOnFunction, mapsOnLayers, onLinear, saturating } from './support/trial.ts';

beforeAll(async () => {
  await loadEngine('wasm');
});

test('is (x - baseline) w_c on a linear model', async () => {
  const maps = await mapsOnLayers(integratedGradients, linear, { ...onLinear, parameters: { value: 0.5 } });
  for (const [i, expected] of [
    [0.5, 3, -7.5],
    [2, -7.5, 0.75],
  ].entries()) {
    expectClose(maps[i], expected);
  }
});

test('credits a saturated input with its rise: min(x, 1) at 2 gets 1, to one point of 50', async () => {
  for (const rule of ['gauss-legendre', 'midpoint', 'trapezoid']) {
    const [map = []] = await mapsOnLayers(integratedGradients, saturating(1), { images: [[2]], parameters: { rule } });
    expect(Math.abs(at(map, 0) - 1)).toBeLessThan(1 / 50);
  }
});

test('gives min(x, y) to the smaller alone, where Shapley values share it (Sundararajan et al., remark 5)', async () => {
  const layers = [
    {
      kernel: [
        [1, 1],
        [0, -1],
      ],
      bias: [0, 0],
    },
    { kernel: [[1], [-1]], bias: [0] },
  ];
  const maps = await mapsOnLayers(integratedGradients, layers, {
    images: [
      [1, 3],
      [3, 2],
    ],
  });
  expectClose(maps.flat(), [1, 0, 0, 2]);
});

describe('on the cube of the sum, whose map is x_i (sum x)^2', () => {
  const cube = (x: tf.Tensor2D) => tf.pow(tf.sum(x, 1), 3);
  const images = [[0.5, 1, -0.25]];
  const expected = [0.5, 1, -0.25].map((x) => x * 1.25 ** 2);

  test('two Gauss-Legendre steps are exact', async () => {
    const [map = []] = await mapsOnFunction(integratedGradients, cube, { images, parameters: { steps: 2 } });
    expectClose(map, expected);
  });

  test('n midpoints err by 1 / 4 n^2 of it: the integral of 3 a^2 is off by as much', async () => {
    for (const steps of [1, 2, 5]) {
      const parameters = { steps, rule: 'midpoint' };
      const [map = []] = await mapsOnFunction(integratedGradients, cube, { images, parameters });
      expectClose(
        map,
        expected.map((value) => value * (1 - 1 / (4 * steps ** 2))),
      );
    }
  });
});

// Kindermans et al., "The (Un)reliability of Saliency Methods", 2019, section 3: zero does not move with the input.
test('is invariant to a shift of the input that the first bias undoes if the baseline shifts too', async () => {
  const numbers = stream('test', 'shift');
  const [first, ...rest] = randomNetwork(numbers, [6, 5, 3]) as [Dense, ...Dense[]];
  const columnSum = (j: number) => first.kernel.reduce((sum, row) => sum + at(row, j), 0);
  const shifted = { ...first, bias: first.bias.map((b, j) => b - 0.7 * columnSum(j)) };
  const x = Array.from(numbers.uniforms(6));
  const [map = []] = await mapsOnLayers(integratedGradients, [first, ...rest], { images: [x] });
  const explain = (value: number) =>
    mapsOnLayers(integratedGradients, [shifted, ...rest], { images: [x.map((v) => v + 0.7)], parameters: { value } });
  expectClose((await explain(0.7))[0], map);
  const [fixed = []] = await explain(0);
  expect(Math.max(...fixed.map((v, k) => Math.abs(v - at(map, k))))).toBeGreaterThan(0.01);
});

test('equals its definition, one central difference at a time', async () => {
  const numbers = stream('test', 'integrated-gradients');
  const layers = randomNetwork(numbers, [6, 5, 4, 3]);
  const x = Array.from(numbers.uniforms(6));
  const parameters = { steps: 7, value: 0.25, rule: 'midpoint' };
  const [map = []] = await mapsOnLayers(integratedGradients, layers, { images: [x], classes: [1], parameters });
  x.forEach((_, i) => {
    let sum = 0;
    for (let step = 0; step < 7; step++) {
      const point = x.map((value) => 0.25 + ((step + 0.5) / 7) * (value - 0.25));
      const logit = (move: number) => at(evaluate(layers, point.with(i, at(point, i) + move)), 1);
      sum += (logit(1e-5) - logit(-1e-5)) / 2e-5;
    }
    expect(map[i]).toBeCloseTo((at(x, i) - 0.25) * (sum / 7), 5);
  });
});

test('does the same in many small blocks as in one', async () => {
  const numbers = stream('test', 'blocks');
  const layers = randomNetwork(numbers, [6, 5, 3]);
  const images = Array.from({ length: 200 }, () => Array.from(numbers.uniforms(6)));
  const together = await mapsOnLayers(integratedGradients, layers, { images });
  const [alone = []] = await mapsOnLayers(integratedGradients, layers, { images: images.slice(199) });
  expectClose(together[199], alone, 6);
});

describe('baselines other than a constant', () => {
  const shape: ImageShape = [4, 3, 2];
  const numbers = stream('test', 'baselines');
  const layers = randomNetwork(numbers, [24, 6, 3]);
  const images = [0, 1].map(() => Array.from(numbers.uniforms(24)));
  const classes = [2, 0];
  const references = referenceImages(integratedGradients, shape) ?? [];
  const explain = (parameters: Parameters) =>
    mapsOnLayers(integratedGradients, layers, { images, classes, shape, parameters });
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

  /** Midpoint sum from one baseline, with gradients by central differences. */
  function twin(x: readonly number[], from: readonly number[], c: number, steps: number): number[] {
    const slopes = Array.from({ length: steps }, (_, step) => {
      const point = x.map((value, k) => at(from, k) + ((step + 0.5) / steps) * (value - at(from, k)));
      return x.map((_, k) => {
        const logit = (move: number) => at(evaluate(layers, point.with(k, at(point, k) + move)), c);
        return (logit(1e-6) - logit(-1e-6)) / 2e-6;
      });
    });
    return x.map((value, k) => (value - at(from, k)) * mean(slopes.map((slope) => at(slope, k))));
  }

  test('mean: the path starts at the mean of the reference images', async () => {
    const from = Array.from({ length: 24 }, (_, k) => mean(references.map((reference) => at(reference, k))));
    const maps = await explain({ baseline: 'mean', steps: 3, rule: 'midpoint' });
    for (const [i, map] of maps.entries()) expectClose(map, twin(at(images, i), from, at(classes, i), 3), 4);
  });

  test('blur: each path starts at its own image, blurred', async () => {
    const maps = await explain({ baseline: 'blur', blurSigma: 0.7, steps: 3, rule: 'midpoint' });
    const blurred = tf.tidy(() => blur(tf.tensor4d(images.flat(), [2, ...shape]), 0.7));
    const values = Array.from(await blurred.data());
    blurred.dispose();
    for (const [i, map] of maps.entries()) {
      expectClose(map, twin(at(images, i), values.slice(24 * i, 24 * (i + 1)), at(classes, i), 3), 4);
    }
  });

  test("random set: the mean of the paths from as many different references, drawn from the image's stream", async () => {
    const maps = await explain({ baseline: 'random-set', references: 4, steps: 3, rule: 'midpoint' });
    for (const [i, map] of maps.entries()) {
      const drawn = stream('conformance', 'attribution', i).permutation(100).slice(0, 4);
      const paths = Array.from(drawn, (k) => twin(at(images, i), at(references, k), at(classes, i), 3));
      expectClose(map, images[0]?.map((_, k) => mean(paths.map((path) => at(path, k)))) ?? [], 4);
    }
  });

  test('random set of all references: complete against their mean logit, and what expected gradients estimate', async () => {
    const maps = await explain({ baseline: 'random-set', references: 100 });
    const trial = { images, classes, shape, parameters: { samples: 20_000 } };
    const estimates = await mapsOnLayers(expectedGradients, layers, trial);
    for (const [i, map] of maps.entries()) {
      const logit = (x: readonly number[]) => at(evaluate(layers, x), at(classes, i));
      const rise = logit(at(images, i)) - mean(references.map(logit));
      expect(map.reduce((sum, value) => sum + value, 0)).toBeCloseTo(rise, 2);
      const estimate = at(estimates, i);
      const scale = Math.max(...map.map(Math.abs));
      for (const [k, value] of map.entries()) expect(Math.abs(at(estimate, k) - value)).toBeLessThan(0.02 * scale);
    }
  });

  test.each(['mean', 'blur', 'random-set'])('%s: the behaviour of any method', async (baseline) => {
    const tried = subject(integratedGradients, { baseline, references: 3, steps: 5 });
    const trials = makeTrials();
    try {
      for (const behaviour of behaviours(tried, 1e-5)) await checkOnEach(behaviour, tried, trials);
      for (const axiom of ['linearity', 'implementation-invariance'] as const) await checkAxiom(tried, axiom);
    } finally {
      for (const { built } of trials) built.dispose();
    }
  });
});

test('refuses settings by name', async () => {
  const explain = (parameters: Parameters) =>
    mapsOnLayers(integratedGradients, saturating(1), { images: [[1]], parameters });
  await expect(explain({ steps: 0 })).rejects.toThrow(
    '[attribench] method "integrated-gradients": steps is 0, expected an integer from 1',
  );
  await expect(explain({ rule: 'simpson' })).rejects.toThrow(
    '[attribench] quadrature rule is "simpson", expected one of: gauss-legendre, left, midpoint, right, trapezoid',
  );
  await expect(explain({ baseline: 'zero' })).rejects.toThrow(
    '[attribench] method "integrated-gradients": baseline is "zero", expected "constant", "mean", "blur" or "random-set"',
  );
  await expect(explain({ baseline: 'random-set', references: 101 })).rejects.toThrow(
    '[attribench] method "integrated-gradients": references is 101, expected at most the 100 reference images',
  );
});
