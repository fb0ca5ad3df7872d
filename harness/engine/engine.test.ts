/**
 * One suite over every engine present. The reference is no other engine, since two of three shared a
 * wrong gradient: forward passes are held against float64 twins, gradients against central differences
 * of those twins, which are good to about 1e-8.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as tf from '../tfjs.js';
import { loadEngine } from './index.ts';
import { type Case, cases, random, smallNetwork } from './testing/cases.ts';
import { enginesTested } from './testing/engines.ts';
import { type Array64, conv2d, fill, map, matMul } from './testing/twins.ts';

/** Largest difference, relative to the largest number expected. */
function distance(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(found.length).toBe(expected.length);
  const scale = Math.max(...Array.from(expected, Math.abs), 1e-6);
  return Math.max(0, ...Array.from(found, (value, i) => Math.abs(value - (expected[i] as number)))) / scale;
}

interface Reference {
  readonly inputs: readonly Array64[];
  readonly output: Array64;
  /** What the gradients of sum(slopes * output) are, by input. */
  readonly slopes: Float32Array;
  readonly gradients: readonly number[][];
}

/** Slow to compute and the same for every engine. */
const references = new Map<Case, Reference>();

function referenceOf(subject: Case): Reference {
  const known = references.get(subject);
  if (known !== undefined) return known;
  const { name, twin } = subject;
  const inputs = subject.inputs.map((shape, i) => ({ shape, data: Float64Array.from(random(`${name} ${i}`, shape)) }));
  const output = twin(...inputs);
  const slopes = random(`${name} slopes`, output.shape);
  const gradients = inputs.map((_, i) => centralDifferences(twin, inputs, i, slopes));
  const reference = { inputs, output, slopes, gradients };
  references.set(subject, reference);
  return reference;
}

const STEP = 1e-5;

/** d sum(slopes * twin(x)) / d x[which], by central differences in float64. */
function centralDifferences(twin: Case['twin'], x: readonly Array64[], which: number, slopes: Float32Array): number[] {
  const objective = (moved: Float64Array) => {
    const inputs = x.map((input, i) => (i === which ? { shape: input.shape, data: moved } : input));
    return twin(...inputs).data.reduce((total, value, i) => total + value * (slopes[i] as number), 0);
  };
  const origin = (x[which] as Array64).data;
  return Array.from(origin, (value, i) => {
    const up = origin.slice();
    const down = origin.slice();
    up[i] = value + STEP;
    down[i] = value - STEP;
    return (objective(up) - objective(down)) / (2 * STEP);
  });
}

const engines = await enginesTested();

/** Logits and input gradients of one network with the same weights, by engine. */
const outputs = new Map<string, { logits: Float32Array; gradient: Float32Array }>();

for (const { name: engine, present, why } of engines) {
  if (!present) {
    test(`engine ${engine}: absent (${why})`, () => expect(why).not.toBe(''));
    continue;
  }
  describe(`engine ${engine}`, () => {
    beforeAll(async () => {
      await loadEngine(engine);
      tf.engine().startScope();
    });
    afterAll(() => tf.engine().endScope());

    test('is the current backend', () => {
      expect(tf.getBackend()).toBe(engine === 'tensorflow-gpu' ? 'tensorflow' : engine);
    });

    test.each(cases)('$name', async (subject) => {
      const { inputs, output, slopes, gradients } = referenceOf(subject);
      const tensors = inputs.map(({ shape, data }) => tf.tensor(Float32Array.from(data), [...shape]));
      if (subject.refusedBy?.engines.includes(engine)) {
        expect(() => subject.engine(...tensors)).toThrow(subject.refusedBy.saying);
        return;
      }
      const forward = subject.engine(...tensors);
      expect(forward.shape).toEqual(output.shape);
      expect(distance(await forward.data(), output.data)).toBeLessThan(1e-5);

      const weights = tf.tensor(slopes.slice(), forward.shape);
      const found = tf.grads((...x: tf.Tensor[]) => tf.sum(tf.mul(subject.engine(...x), weights)))(tensors);
      for (const [i, gradient] of found.entries()) {
        expect(distance(await gradient.data(), gradients[i] ?? []), `gradient of input ${i}`).toBeLessThan(2e-5);
      }
    });

    test('max pool sends the gradient of equal pixels to the first', async () => {
      const x = tf.tensor4d([-4, -3, -3, -4, 0, 0, 0, 0], [2, 2, 2, 1]);
      const dx = tf.grad((y) => tf.maxPool(y as tf.Tensor4D, 2, 2, 'valid'))(x);
      expect(Array.from(await dx.data())).toEqual([0, 1, 0, 0, 1, 0, 0, 0]);
    });

    test('fused matMul knows every activation', async () => {
      const a = [2, 3];
      const b = [3, 4];
      const x: Array64 = { shape: a, data: Float64Array.from(random('a', a), (value) => 3 * value) };
      const y: Array64 = { shape: b, data: Float64Array.from(random('b', b)) };
      const activations = {
        linear: (value: number) => value,
        relu: (value: number) => Math.max(0, value),
        relu6: (value: number) => Math.min(6, Math.max(0, value)),
        elu: (value: number) => (value > 0 ? value : Math.expm1(value)),
        sigmoid: (value: number) => 1 / (1 + Math.exp(-value)),
        leakyrelu: (value: number) => (value > 0 ? value : 0.3 * value),
        prelu: (value: number) => (value > 0 ? value : 0.5 * value),
      };
      for (const [activation, f] of Object.entries(activations)) {
        const found = tf.fused.matMul({
          a: tf.tensor2d(Float32Array.from(x.data), [2, 3]),
          b: tf.tensor2d(Float32Array.from(y.data), [3, 4]),
          activation: activation as 'relu',
          leakyreluAlpha: 0.3,
          preluActivationWeights: tf.fill([4], 0.5),
        });
        const expected = map(matMul(x, y), f);
        expect(distance(await found.data(), expected.data), activation).toBeLessThan(1e-5);
      }
    });

    test.each([
      { a: [3, 4], b: [5, 4], transposeA: false, transposeB: false },
      { a: [3, 4], b: [4, 5], transposeA: true, transposeB: false },
      { a: [2, 3, 4], b: [2, 4, 5], transposeA: false, transposeB: true },
    ])('matrices $a and $b that do not fit are refused', async ({ a, b, transposeA, transposeB }) => {
      const tensors = tf.memory().numTensors;
      const product = () =>
        tf.tidy(() =>
          tf
            .matMul(tf.fill(a as [number, number], 1), tf.fill(b as [number, number], 1), transposeA, transposeB)
            .dataSync(),
        );
      expect(product).toThrow(/matMul|Matrix size|inner/i);
      expect(tf.memory().numTensors).toBe(tensors);
    });

    test('a matrix may be used again in another shape', async () => {
      const data = random('reused', [6, 4]);
      const whole = tf.tensor2d(data.slice(), [6, 4]);
      const shapes = [
        [6, 4],
        [4, 6],
        [12, 2],
        [6, 4],
        [3, 8],
      ] as const;
      for (const [rows, columns] of shapes) {
        const left = fill([2, rows], (i = 0, j = 0) => Math.sin(i + 2 * j));
        const right = { shape: [rows, columns], data: Float64Array.from(data) };
        const a = tf.tensor2d(Float32Array.from(left.data), [2, rows]);
        const product = tf.matMul(a, whole.reshape([rows, columns]));
        expect(distance(await product.data(), matMul(left, right).data)).toBeLessThan(1e-5);
      }
    });

    test('a filter may be used again in another shape', async () => {
      const data = random('filter', [72]);
      const image: Array64 = { shape: [1, 4, 4, 1], data: Float64Array.from(random('image', [16])) };
      for (const shape of [
        [3, 3, 1, 8],
        [2, 2, 1, 18],
        [3, 1, 1, 24],
      ] as const) {
        const filter = tf.tensor1d(data.slice()).reshape([...shape]) as tf.Tensor4D;
        const x = tf.tensor4d(Float32Array.from(image.data), [1, 4, 4, 1]);
        const expected = conv2d(image, { shape, data: Float64Array.from(data) }, [1, 1], 'same');
        expect(distance(await tf.conv2d(x, filter, 1, 'same').data(), expected.data)).toBeLessThan(1e-5);
      }
    });

    test('einsum', async () => {
      const a = tf.tensor3d(random('einsum a', [2, 3, 4]), [2, 3, 4]);
      const b = tf.tensor3d(random('einsum b', [2, 4, 5]), [2, 4, 5]);
      const value = async (x: tf.Tensor) => ({ shape: x.shape, data: Float64Array.from(await x.data()) });
      const product = matMul(await value(a), await value(b));
      expect(distance(await tf.einsum('bij,bjk->bik', a, b).data(), product.data)).toBeLessThan(1e-5);
      const turned = fill([3, 2, 5], (i = 0, s = 0, k = 0) => product.data[(s * 3 + i) * 5 + k] as number);
      expect(distance(await tf.einsum('bij,bjk->ibk', a, b).data(), turned.data)).toBeLessThan(1e-5);
      const total = Array.from((await value(a)).data).reduce((sum, x) => sum + x, 0);
      expect(distance(await tf.einsum('bij->', a).data(), [total])).toBeLessThan(1e-5);
    });

    test('tile of five axes', async () => {
      const shape = [2, 1, 2, 3, 2];
      const reps = [1, 3, 2, 1, 2];
      // Computed, so that it stands in the engine's memory.
      const x = tf.add(tf.tensor(random('tile', shape), shape), 0);
      const values = await tf.tensor(random('tile', shape), shape).data();
      const expected = fill([2, 3, 4, 3, 4], (a = 0, _b, c = 0, d = 0, e = 0) => {
        return values[((a * 2 + (c % 2)) * 3 + d) * 2 + (e % 2)] as number;
      });
      const tiled = tf.tile(x, reps);
      expect(tiled.shape).toEqual(expected.shape);
      expect(distance(await tiled.data(), expected.data)).toBeLessThan(1e-6);
    });

    // Forward only: TensorFlow.js has no gradient here. Stock cpu is wrong where both sides are repeated.
    test.each(
      [
        { a: [1, 4, 2], b: [3, 2, 5] },
        { a: [3, 4, 2], b: [2, 5] },
        { a: [2, 1, 3, 2], b: [1, 3, 2, 4] },
      ].slice(0, engine === 'cpu' ? 2 : 3),
    )('matMul of $a by $b repeats outer axes', async ({ a, b }) => {
      const left = { shape: a, data: Float64Array.from(random('left', a)) };
      const right = { shape: b, data: Float64Array.from(random('right', b)) };
      const product = tf.matMul(tf.tensor(random('left', a), a), tf.tensor(random('right', b), b));
      const expected = matMul(left, right);
      expect(product.shape).toEqual(expected.shape);
      expect(distance(await product.data(), expected.data)).toBeLessThan(1e-5);
    });

    test.each([
      [false, false],
      [true, true],
    ])('a long inner side, with few results; transposed: %s, %s', async (transposeA, transposeB) => {
      const a = transposeA ? [2048, 17] : [17, 2048];
      const b = transposeB ? [20, 2048] : [2048, 20];
      const value = (name: string, shape: number[]) => ({ shape, data: Float64Array.from(random(name, shape)) });
      const expected = matMul(value('long a', a), value('long b', b), transposeA, transposeB);
      const product = () =>
        tf.matMul(tf.tensor(random('long a', a), a), tf.tensor(random('long b', b), b), transposeA, transposeB);
      const found = await product().data();
      expect(distance(found, expected.data)).toBeLessThan(1e-5);
      expect(await product().data()).toEqual(found);
    });

    test('an empty batch gives an empty product', async () => {
      expect(tf.matMul(tf.zeros([0, 3]), tf.zeros([3, 4])).shape).toEqual([0, 4]);
      expect(Array.from(await tf.matMul(tf.zeros([2, 0]), tf.zeros([0, 2])).data())).toEqual([0, 0, 0, 0]);
    });

    test('a small network: outputs for the same weights, and no tensor left after 50 training steps', async () => {
      const network = smallNetwork();
      const images = tf.tensor4d(random('images', [8, 12, 10, 1]), [8, 12, 10, 1]);
      const labels = tf.oneHot(tf.tensor1d([0, 1, 2, 0, 1, 2, 0, 1], 'int32'), 3);
      const loss = (x: tf.Tensor) =>
        tf.losses.softmaxCrossEntropy(labels, network.logits(x as tf.Tensor4D)) as tf.Scalar;
      outputs.set(engine, {
        logits: (await network.logits(images).data()) as Float32Array,
        gradient: (await tf.grad(loss)(images).data()) as Float32Array,
      });

      const optimizer = tf.train.momentum(0.02, 0.9);
      const step = async () => {
        const cost = tf.tidy(() => optimizer.minimize(() => loss(images), true, network.weights) ?? tf.scalar(0));
        const [value] = await cost.data();
        cost.dispose();
        return value;
      };
      const first = await step();
      const before = tf.memory().numTensors;
      let last: number | undefined;
      for (let i = 0; i < 50; i++) last = await step();
      expect(tf.memory().numTensors).toBe(before);
      expect(last).toBeLessThan(first as number);
      optimizer.dispose();
    });
  });
}

test('all engines present agree on logits and input gradients to 1e-4', () => {
  const [first, ...rest] = [...outputs.values()];
  expect(outputs.size).toBe(engines.filter(({ present }) => present).length);
  for (const output of rest) {
    expect(distance(output.logits, first?.logits ?? [])).toBeLessThan(1e-4);
    expect(distance(output.gradient, first?.gradient ?? [])).toBeLessThan(1e-4);
  }
});
