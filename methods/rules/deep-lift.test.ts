import { type ImageShape, type Method, stream } from 'attribench';
import { beforeAll, describe, expect, test } from 'vitest';
import { loadEngine } from '../../harness/engine/index.ts';
import { checkAxiom } from '../../harness/vitest/conformance/axioms.ts';
import { at, type DenseNetwork, randomNetwork } from '../../harness/vitest/conformance/dense.ts';
import { referenceImages, subject } from '../../harness/vitest/conformance/subject.ts';
import deepLift from '../deep-lift.ts';
import deepLiftRevealCancel from '../deep-lift-reveal-cancel.ts';
import deepShap from '../deep-shap.ts';
import lrpGamma from '../lrp-gamma.ts';
import { expectClose, mapsOnLayers, saturating } from '../support/trial.ts';
import { build, expectNear, logitsOn, mapsOn, randomImages, zoo } from './testing/graph.ts';

beforeAll(async () => {
  await loadEngine('wasm');
});

const relu = (z: number) => Math.max(0, z);
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

/** Preactivations of each layer. */
function sumsOf(layers: DenseNetwork, x: readonly number[]): number[][] {
  const result: number[][] = [];
  let active = [...x];
  for (const { kernel, bias } of layers) {
    const z = bias.map((b, j) => b + sum(active.map((value, i) => value * at(at(kernel, i), j))));
    result.push(z);
    active = z.map(relu);
  }
  return result;
}

/** Rescale, one multiplier at a time. */
function slowRescale(layers: DenseNetwork, x: readonly number[], x0: readonly number[], c: number): number[] {
  const [z, z0] = [sumsOf(layers, x), sumsOf(layers, x0)];
  let m: number[] = at(z, layers.length - 1).map((_, j) => (j === c ? 1 : 0));
  for (let depth = layers.length - 1; depth >= 0; depth--) {
    m = at(layers, depth).kernel.map((row) => sum(row.map((w, j) => w * at(m, j))));
    if (depth === 0) break;
    m = m.map((value, i) => {
      const [now, before] = [at(at(z, depth - 1), i), at(at(z0, depth - 1), i)];
      return (value * (relu(now) - relu(before))) / (now - before);
    });
  }
  return m.map((value, i) => value * (at(x, i) - at(x0, i)));
}

/** RevealCancel as the paper's section 3.5 reads, one unit at a time. */
function slowRevealCancel(layers: DenseNetwork, x: readonly number[], x0: readonly number[], c: number): number[] {
  const [z, z0] = [sumsOf(layers, x), sumsOf(layers, x0)];
  // What moves the inputs of each layer, and how far up and down that moves its sums.
  const moved = layers.map((_, depth) =>
    depth === 0
      ? x.map((value, i) => value - at(x0, i))
      : at(z, depth - 1).map((value, i) => relu(value) - relu(at(at(z0, depth - 1), i))),
  );
  const part = (sign: number, depth: number, j: number) =>
    sum(
      at(moved, depth).map((delta, i) => {
        const contribution = delta * at(at(at(layers, depth).kernel, i), j);
        return sign * contribution > 0 ? contribution : 0;
      }),
    );
  const last = layers.length - 1;
  let up = at(z, last).map((_, j) => (j === c ? 1 : 0)) as number[];
  let down = up;
  for (let depth = last; depth >= 0; depth--) {
    const { kernel } = at(layers, depth);
    const m = kernel.map((row, i) =>
      sum(
        row.map((w, j) => {
          const contribution = w * at(at(moved, depth), i);
          if (contribution > 0) return w * at(up, j);
          return contribution < 0 ? w * at(down, j) : (w * (at(up, j) + at(down, j))) / 2;
        }),
      ),
    );
    if (depth === 0) return m.map((value, i) => value * at(at(moved, 0), i));
    const rates = m.map((value, i) => {
      const [before, plus, minus] = [at(at(z0, depth - 1), i), part(1, depth - 1, i), part(-1, depth - 1, i)];
      const rise = (relu(before + plus) - relu(before) + relu(before + minus + plus) - relu(before + minus)) / 2;
      const fall = (relu(before + minus) - relu(before) + relu(before + plus + minus) - relu(before + plus)) / 2;
      return { up: plus > 1e-6 ? (value * rise) / plus : 0, down: minus < -1e-6 ? (value * fall) / minus : 0 };
    });
    up = rates.map((rate) => rate.up);
    down = rates.map((rate) => rate.down);
  }
  return [];
}

test.each([
  [deepLift, slowRescale],
  [deepLiftRevealCancel, slowRevealCancel],
] as const)('$id equals its slow twin', async (method, slow) => {
  for (const trial of [0, 1, 2, 3]) {
    const numbers = stream('deep lift', trial);
    const layers = randomNetwork(numbers, [12, 10, 8, 3]);
    const x = Array.from(numbers.uniforms(12));
    for (const c of [0, 1, 2]) {
      const parameters = { baseline: 0.3 };
      const [map = []] = await mapsOnLayers(method, layers, { images: [x], classes: [c], parameters });
      expectNear(
        map,
        slow(
          layers,
          x,
          x.map(() => 0.3),
          c,
        ),
        1e-4,
      );
    }
  }
});

test('deep-shap is the mean of DeepLIFT over the references', async () => {
  const shape: ImageShape = [3, 4, 1];
  const numbers = stream('deep lift', 'shap');
  const layers = randomNetwork(numbers, [12, 10, 3]);
  const x = Array.from(numbers.uniforms(12));
  const references = referenceImages(deepShap, shape) ?? [];
  expect(references).toHaveLength(16);
  const maps = references.map((reference) => slowRescale(layers, x, reference, 1));
  const [map = []] = await mapsOnLayers(deepShap, layers, { images: [x], classes: [1], shape });
  expectNear(
    map,
    x.map((_, i) => sum(maps.map((each) => at(each, i))) / maps.length),
    1e-4,
  );
});

describe('closed forms', () => {
  test('min(x, 1) at 2 gets its rise of 1', async () => {
    for (const method of [deepLift, deepLiftRevealCancel]) {
      expectClose((await mapsOnLayers(method, saturating(1), { images: [[2]] }))[0], [1]);
    }
  });

  // Shrikumar et al. 2017, figure 3: o = min(a, b) = a - relu(a - b), a = 2, b = 1.
  test('min(a, b): Rescale gives all to one input, RevealCancel half to each', async () => {
    const minimum: DenseNetwork = [
      {
        kernel: [
          [1, 1],
          [0, -1],
        ],
        bias: [0, 0],
      },
      { kernel: [[1], [-1]], bias: [0] },
    ];
    expectClose((await mapsOnLayers(deepLift, minimum, { images: [[2, 1]] }))[0], [0, 1]);
    expectClose((await mapsOnLayers(deepLiftRevealCancel, minimum, { images: [[2, 1]] }))[0], [0.5, 0.5]);
  });

  test('an input at its baseline gets nothing', async () => {
    const layers = randomNetwork(stream('deep lift', 'same'), [4, 5, 2]);
    for (const method of [deepLift, deepLiftRevealCancel]) {
      const [map] = await mapsOnLayers(method, layers, {
        images: [[0.4, 0.4, 0.4, 0.4]],
        parameters: { baseline: 0.4 },
      });
      expectClose(map, [0, 0, 0, 0]);
    }
  });
});

test.each<[Method]>([[deepLift], [deepLiftRevealCancel], [deepShap]])(
  '$id: maps sum to the difference of logits through every kind of layer',
  async (method) => {
    const shape: ImageShape = [12, 10, 2];
    const numbers = stream('deep lift', 'zoo');
    const built = build(shape, zoo(3), numbers);
    const images = randomImages(numbers, 3, shape, -1, 1);
    const classes = [2, 0, 1];
    const references = referenceImages(method, shape) ?? [at(images, 0).map(() => 0)];
    const maps = await mapsOn(method, built, { images, classes });
    const logits = await logitsOn(built, images);
    const before = await logitsOn(built, references);
    for (const [i, map] of maps.entries()) {
      const c = at(classes, i);
      const expected = at(at(logits, i), c) - sum(before.map((row) => at(row, c))) / before.length;
      const size = sum(map.map(Math.abs));
      expect(Math.abs(sum(map) - expected)).toBeLessThan(1e-4 * size);
    }
    built.dispose();
  },
);

// Sundararajan et al. 2017, section 2.2 and figure 7.
test.each<[Method]>([[deepLift], [lrpGamma]])('$id depends on how a function is computed', async (method) => {
  await expect(checkAxiom(subject(method), 'implementation-invariance')).rejects.toMatchObject({
    cause: { message: expect.stringContaining('violates implementation-invariance') },
  });
});
