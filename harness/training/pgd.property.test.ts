/** The adversary on linear models, where the strongest perturbation is known, and on random networks. */
import { test } from '@fast-check/vitest';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Objective } from '../contracts.ts';
import { loadEngine } from '../engine/index.ts';
import { withoutStem } from '../network/stem.ts';
import { stream } from '../random.ts';
import * as tf from '../tfjs.js';
import { robustAccuracy } from './evaluation.ts';
import { type Adversary, attack } from './pgd.ts';

beforeAll(async () => {
  await loadEngine('wasm');
});

const SHAPE = [2, 3, 1] as const;
const WIDE = { low: -100, high: 100 };
const WEIGHTS = [0.5, -1, 2, 0, -0.25, 1.5];

/** Two classes: logits 0 and scale * (w . x). */
const linear = (scale: number) => {
  const logits = (images: tf.Tensor4D): tf.Tensor2D =>
    tf.matMul(
      tf.reshape<tf.Rank.R2>(images, [-1, 6]),
      tf.tensor2d(
        WEIGHTS.flatMap((w) => [0, scale * w]),
        [6, 2],
      ),
    );
  const inputGradient = (images: tf.Tensor4D, objective: Objective) =>
    tf.tidy(() => tf.grad((x) => objective(logits(x as tf.Tensor4D)))(images) as tf.Tensor4D);
  return { inputShape: SHAPE, classes: 2, logits, inputGradient, ...withoutStem({ inputGradient }) };
};

const perturbation = (values: number[], label: number, adversary: Adversary, bounds = WIDE, scale = 1) =>
  tf.tidy(() => {
    const images = tf.tensor4d(values, [1, ...SHAPE]);
    const labels = tf.tensor1d([label], 'int32');
    const adversarial = attack(images, labels, linear(scale).inputGradient, adversary, bounds);
    return [...tf.sub(adversarial, images).dataSync<'float32'>()];
  });

const X = [0.5, 0.2, 0.9, 0.4, 0.1, 0.6];
const norm = (values: number[]) => Math.hypot(...values);

describe('on a linear model', () => {
  it('L2 ends on the sphere, straight down the margin', () => {
    const delta = perturbation(X, 1, { norm: 'l2', eps: 0.7, steps: 8 });
    WEIGHTS.forEach((w, i) => {
      expect(delta[i]).toBeCloseTo((-0.7 * w) / norm(WEIGHTS), 5);
    });
  });

  it('Linf ends in the corner of the ball, and moves no pixel without gradient', () => {
    const delta = perturbation(X, 0, { norm: 'linf', eps: 0.3, steps: 8 });
    WEIGHTS.forEach((w, i) => {
      expect(delta[i]).toBeCloseTo(0.3 * Math.sign(w), 5);
    });
  });

  it.each(['l2', 'linf'] as const)('%s goes eps/4 a step, from the image itself', (kind) => {
    const one = perturbation(X, 0, { norm: kind, eps: 0.4, steps: 1 });
    const length = kind === 'l2' ? norm(one) : Math.max(...one.map(Math.abs));
    expect(length).toBeCloseTo(0.1, 5);
    expect(perturbation(X, 0, { norm: kind, eps: 0.4, steps: 0 })).toEqual([0, 0, 0, 0, 0, 0]);
  });

  it('stays within the bounds', () => {
    const delta = perturbation(X, 0, { norm: 'linf', eps: 0.3, steps: 8 }, { low: 0, high: 1 });
    X.forEach((x, i) => {
      expect(delta[i]).toBeCloseTo(Math.min(1, Math.max(0, x + 0.3 * Math.sign(WEIGHTS[i] ?? 0))) - x, 5);
    });
  });

  it.each(['l2', 'linf'] as const)('%s goes as far on an image of which the network is sure', (kind) => {
    // w . x is 2.725: a margin of 68 nats, where the square of the gradient is below the smallest float32.
    const delta = perturbation(X, 1, { norm: kind, eps: 0.4, steps: 1 }, WIDE, 25);
    const length = kind === 'l2' ? norm(delta) : Math.max(...delta.map(Math.abs));
    expect(length).toBeCloseTo(0.1, 5);
  });

  it('robust accuracy counts the images whose margin exceeds eps times the dual norm', async () => {
    const count = 300;
    const images = stream('test', 'robust').uniforms(count * 6, -1, 1);
    const margins = Array.from({ length: count }, (_, i) =>
      WEIGHTS.reduce((sum, w, j) => sum + w * (images[i * 6 + j] ?? 0), 0),
    );
    const labels = Int32Array.from(margins, (margin) => (margin > 0 ? 1 : 0));
    for (const [kind, dual] of [
      ['l2', norm(WEIGHTS)],
      ['linf', WEIGHTS.reduce((sum, w) => sum + Math.abs(w), 0)],
    ] as const) {
      const eps = 0.2;
      const expected = margins.filter((margin) => Math.abs(margin) > eps * dual).length / count;
      const adversary = { norm: kind, eps, steps: 8 };
      expect(await robustAccuracy(linear(1), { images, labels }, SHAPE, WIDE, adversary)).toBeCloseTo(expected, 2);
    }
  });
});

describe('on any network', () => {
  const adversaries = fc.record({
    norm: fc.constantFrom('l2' as const, 'linf' as const),
    eps: fc.double({ min: 0.01, max: 3, noNaN: true }),
    steps: fc.integer({ min: 1, max: 10 }),
  });

  test.prop([adversaries, fc.integer({ min: 0, max: 1000 })], { numRuns: 40 })(
    'images stay in the eps-ball and the bounds, and nothing leaks',
    (adversary, seed) => {
      const numbers = stream('test', 'network', seed);
      const hidden = tf.tensor2d(numbers.normals(48), [6, 8]);
      const output = tf.tensor2d(numbers.normals(24), [8, 3]);
      const images = tf.tensor4d(numbers.uniforms(30), [5, ...SHAPE]);
      const labels = tf.tensor1d([0, 1, 2, 0, 1], 'int32');
      const gradientOf = (from: tf.Tensor4D, objective: Objective) =>
        tf.tidy(
          () =>
            tf.grad((x) =>
              objective(tf.matMul(tf.relu(tf.matMul(tf.reshape<tf.Rank.R2>(x, [-1, 6]), hidden)), output)),
            )(from) as tf.Tensor4D,
        );
      const before = tf.memory().numTensors;
      const adversarial = attack(images, labels, gradientOf, adversary, { low: 0, high: 1 });
      expect(tf.memory().numTensors).toBe(before + 1);
      const moved = adversarial.dataSync<'float32'>();
      const original = images.dataSync<'float32'>();
      for (let image = 0; image < 5; image++) {
        const delta = Array.from({ length: 6 }, (_, i) => (moved[image * 6 + i] ?? 0) - (original[image * 6 + i] ?? 0));
        const length = adversary.norm === 'l2' ? norm(delta) : Math.max(...delta.map(Math.abs));
        expect(length).toBeLessThanOrEqual(adversary.eps * (1 + 1e-5) + 1e-6);
      }
      expect(moved.every((value) => value >= 0 && value <= 1)).toBe(true);
      tf.dispose([hidden, output, images, labels, adversarial]);
    },
  );
});
