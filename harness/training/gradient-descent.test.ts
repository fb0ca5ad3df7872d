import { beforeAll, describe, expect, it } from 'vitest';
import type { DatasetContent, Weights } from '../contracts.ts';
import { defineModel } from '../define.ts';
import { loadEngine } from '../engine/index.ts';
import { buildNetwork } from '../network/build.ts';
import { crossEntropy } from '../network/objectives.ts';
import { stream } from '../random.ts';
import * as tf from '../tfjs.js';
import { augmented } from './augmentation.ts';
import { DESCENT, type DescentSettings, descend } from './gradient-descent.ts';
import { initialise } from './initialisation.ts';
import type { Adversary } from './pgd.ts';
import { learningRateAt } from './schedule.ts';

beforeAll(async () => {
  await loadEngine('wasm');
});

const PIXELS = 6;
const HIDDEN = 5;

const model = defineModel({
  id: 'test-model',
  title: 'Test',
  cite: 'none',
  revision: 1,
  build: ({ inputShape, classes }) =>
    tf.sequential({
      layers: [
        tf.layers.flatten({ name: 'flatten', inputShape: [...inputShape] }),
        tf.layers.dense({ name: 'hidden', units: HIDDEN, kernelInitializer: 'zeros' }),
        tf.layers.activation({ name: 'relu', activation: 'relu' }),
        tf.layers.dense({ name: 'logits', units: classes, kernelInitializer: 'zeros' }),
      ],
    }),
});

/** Uniform noise plus `contrast` on the pixel of the class. */
function problem(count: number, contrast = 1): DatasetContent {
  const images = stream('test', 'images').uniforms(count * PIXELS, 0, 0.5);
  const labels = Int32Array.from({ length: count }, (_, i) => i % 3);
  labels.forEach((label, i) => {
    images[i * PIXELS + label] = (images[i * PIXELS + label] ?? 0) + contrast;
  });
  const split = { images, labels };
  return {
    shape: [2, 3, 1],
    classes: ['a', 'b', 'c'],
    bounds: { low: 0, high: 2 },
    splits: { train: split, validation: split, test: split },
  };
}

const settings: DescentSettings = { ...DESCENT, batchSize: 8, epochs: 4, stopBelow: 0 };
const architecture = { inputShape: [2, 3, 1], classes: 3, parameters: {} } as const;

async function train(
  data: DatasetContent,
  changed: Partial<DescentSettings> = {},
  options: { seed?: number; adversary?: Adversary; signal?: AbortSignal; progress?: (share: number) => void } = {},
) {
  const initial = initialise(model, architecture, stream('test', 'initial'));
  const { trainable, dispose } = buildNetwork(model, architecture, initial);
  if (trainable === null) throw new Error('not trainable');
  try {
    const descent = await descend({
      trainable,
      data,
      settings: { ...settings, ...changed },
      adversary: options.adversary ?? null,
      stream: stream('test', 'training', options.seed ?? 0),
      signal: options.signal ?? new AbortController().signal,
      progress: options.progress ?? (() => {}),
    });
    return { ...descent, initial, final: await trainable.snapshot() };
  } finally {
    dispose();
  }
}

/** torch.optim.SGD on a two-layer network, in float64 arrays: v = momentum v + (g + decay w), w -= rate v. */
function twin(data: DatasetContent, initial: Weights, used: DescentSettings) {
  const weights = initial.entries.map(({ data: values }) => Float64Array.from(values));
  const velocities = weights.map((values) => new Float64Array(values.length));
  const losses: number[] = [];
  const { images, labels } = data.splits.train;
  const [w1, b1, w2, b2] = weights as [Float64Array, Float64Array, Float64Array, Float64Array];
  const steps = Math.ceil(labels.length / used.batchSize);
  const at = (values: ArrayLike<number>, i: number) => values[i] as number;
  for (let epoch = 0; epoch < used.epochs; epoch++) {
    const order = stream('test', 'training', 0, 'order', epoch).permutation(labels.length);
    let sum = 0;
    for (let step = 0; step < steps; step++) {
      const rows = [...order.subarray(step * used.batchSize, (step + 1) * used.batchSize)];
      const gradients = weights.map((values) => new Float64Array(values.length));
      const [gw1, gb1, gw2, gb2] = gradients as [Float64Array, Float64Array, Float64Array, Float64Array];
      const add = (to: Float64Array, i: number, value: number) => {
        to[i] = at(to, i) + value;
      };
      for (const row of rows) {
        const x = Array.from({ length: PIXELS }, (_, i) => at(images, row * PIXELS + i));
        const h = Array.from({ length: HIDDEN }, (_, j) =>
          Math.max(
            0,
            x.reduce((total, value, i) => total + value * at(w1, i * HIDDEN + j), at(b1, j)),
          ),
        );
        const z = [0, 1, 2].map((c) => h.reduce((total, value, j) => total + value * at(w2, j * 3 + c), at(b2, c)));
        const partition = z.reduce((total, value) => total + Math.exp(value), 0);
        sum += Math.log(partition) - at(z, at(labels, row));
        const dz = z.map((value, c) => (Math.exp(value) / partition - (c === labels[row] ? 1 : 0)) / rows.length);
        dz.forEach((d, c) => {
          add(gb2, c, d);
          for (let j = 0; j < HIDDEN; j++) add(gw2, j * 3 + c, at(h, j) * d);
        });
        for (let j = 0; j < HIDDEN; j++) {
          if (at(h, j) <= 0) continue;
          const dh = dz.reduce((total, d, c) => total + d * at(w2, j * 3 + c), 0);
          add(gb1, j, dh);
          for (let i = 0; i < PIXELS; i++) add(gw1, i * HIDDEN + j, at(x, i) * dh);
        }
      }
      const rate = learningRateAt(used, epoch, step, steps);
      weights.forEach((values, k) => {
        const velocity = velocities[k] as Float64Array;
        const gradient = gradients[k] as Float64Array;
        for (let i = 0; i < values.length; i++) {
          velocity[i] = used.momentum * at(velocity, i) + at(gradient, i) + used.weightDecay * at(values, i);
          values[i] = at(values, i) - rate * at(velocity, i);
        }
      });
    }
    losses.push(sum / labels.length);
  }
  return { weights, losses };
}

describe('descent', () => {
  it.each([
    ['momentum, decay and a short last batch', {}],
    ['warm-up and step decay', { warmupEpochs: 2, decayEvery: 3, decayFactor: 0.5 }],
    ['strong weight decay', { weightDecay: 0.1 }],
    ['neither momentum nor weight decay', { momentum: 0, weightDecay: 0 }],
  ])('is that of torch.optim.SGD in float64: %s', async (_, changed) => {
    const data = problem(29);
    const { log, initial, final, status } = await train(data, changed);
    const expected = twin(data, initial, { ...settings, ...changed });
    final.entries.forEach(({ name, data: values }, k) => {
      values.forEach((value, i) => {
        expect(value, `${name}[${i}]`).toBeCloseTo(expected.weights[k]?.[i] ?? Number.NaN, 5);
      });
    });
    expect(log.map(({ epoch }) => epoch)).toEqual([1, 2, 3, 4]);
    log.forEach(({ loss }, epoch) => {
      expect(loss).toBeCloseTo(expected.losses[epoch] ?? Number.NaN, 5);
    });
    expect(status).toBe('finished');
  });

  it('gives the same bits for the same stream, and others for another', async () => {
    const data = problem(29);
    const first = await train(data);
    expect((await train(data)).final.hash).toBe(first.final.hash);
    expect((await train(data, {}, { seed: 1 })).final.hash).not.toBe(first.final.hash);
  });

  it('stops as converged after the first epoch below the threshold', async () => {
    const { log, status } = await train(problem(60), { epochs: 200, stopBelow: 0.1, weightDecay: 0 });
    expect(status).toBe('converged');
    expect(log.length).toBeGreaterThan(1);
    expect(log.findIndex(({ loss }) => loss < 0.1)).toBe(log.length - 1);
    expect(log.at(-1)?.accuracy).toBe(1);
  });

  it('stops as diverged at a loss that is not finite', async () => {
    const { log, status } = await train(problem(29), { learningRate: 1e20 });
    expect(status).toBe('diverged');
    expect(log.length).toBeLessThan(4);
  });

  it('ends as stuck when the loss is still ln(classes)', async () => {
    const blank = problem(30, 0);
    blank.splits.train.images.fill(0);
    const { log, status } = await train(blank, { learningRate: 1e-3 });
    expect(log.at(-1)?.loss).toBeCloseTo(Math.log(3), 1);
    expect(status).toBe('stuck');
  });

  it('moves each moving statistic by its own batch, once a step, also under attack', async () => {
    const normalising = defineModel({
      ...model,
      id: 'normalising',
      build: ({ classes }) =>
        tf.sequential({
          layers: [
            tf.layers.flatten({ name: 'flatten', inputShape: [2, 3, 1] }),
            tf.layers.batchNormalization({ name: 'norm', momentum: 0.7 }),
            tf.layers.dense({ name: 'logits', units: classes }),
          ],
        }),
    });
    const data = problem(16);
    const { images } = data.splits.train;
    const expected = { mean: new Float64Array(PIXELS), variance: new Float64Array(PIXELS).fill(1) };
    const seed = stream('test', 'training', 0);
    const order = seed.derive('order', 0).permutation(16);
    for (const rows of [order.subarray(0, 8), order.subarray(8)]) {
      for (let pixel = 0; pixel < PIXELS; pixel++) {
        const values = [...rows].map((row) => images[row * PIXELS + pixel] as number);
        const mean = values.reduce((sum, value) => sum + value, 0) / 8;
        const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 7;
        expected.mean[pixel] = 0.7 * (expected.mean[pixel] as number) + 0.3 * mean;
        expected.variance[pixel] = 0.7 * (expected.variance[pixel] as number) + 0.3 * variance;
      }
    }
    // An adversary too weak to move a pixel by more than rounding, so that the images are what the twin knows.
    for (const adversary of [null, { norm: 'linf', eps: 1e-9, steps: 2 } as const]) {
      const { trainable, dispose } = buildNetwork(
        normalising,
        architecture,
        initialise(normalising, architecture, stream('test', 'initial')),
      );
      const request = { data, settings: { ...settings, epochs: 1 }, adversary, stream: seed };
      await descend({
        ...request,
        trainable: trainable as never,
        signal: new AbortController().signal,
        progress: () => {},
      });
      const { entries } = (await trainable?.snapshot()) ?? { entries: [] };
      dispose();
      for (const [name, values] of Object.entries({ movingMean: expected.mean, movingVariance: expected.variance })) {
        const moved = entries.find((entry) => entry.name === `norm/${name}`)?.data ?? [];
        expect(moved.length).toBe(PIXELS);
        for (const [i, value] of values.entries()) expect(moved[i]).toBeCloseTo(value, 5);
      }
    }
  });

  it('trains on augmented images, others in each epoch', async () => {
    const data = problem(29);
    const augmentation = { cropPadding: 1, flip: true };
    const { log, initial } = await train(data, { ...augmentation, learningRate: 0, momentum: 0 });
    const { network, dispose } = buildNetwork(model, architecture, initial);
    const rows = Uint32Array.from(data.splits.train.labels, (_, i) => i);
    const expected = [0, 1, 2, 3].map((epoch) => {
      const epochStream = stream('test', 'training', 0, 'epoch', epoch);
      const images = Float32Array.from(data.splits.train.images);
      const seen = augmented(images, data.shape, rows, augmentation, data.bounds.low, epochStream);
      return tf.tidy(() => {
        const logits = network.logits(tf.tensor4d(seen, [29, ...data.shape]));
        const labels = tf.tensor1d(data.splits.train.labels, 'int32');
        return tf.mean(crossEntropy(labels)(logits)).dataSync()[0] as number;
      });
    });
    log.forEach(({ loss }, epoch) => {
      expect(loss).toBeCloseTo(expected[epoch] ?? Number.NaN, 5);
    });
    expect(new Set(expected.map((loss) => loss.toFixed(4))).size).toBe(4);
    dispose();
  });

  it('trains on what the adversary makes: a higher loss than on clean images', async () => {
    const adversary = { norm: 'linf', eps: 0.3, steps: 4 } as const;
    const clean = await train(problem(60), { epochs: 8 });
    const attacked = await train(problem(60), { epochs: 8 }, { adversary });
    expect(attacked.log.at(-1)?.loss).toBeGreaterThan(1.2 * (clean.log.at(-1)?.loss ?? Number.NaN));
  });

  it('ends with the reason of an abort, and frees its tensors', async () => {
    const before = tf.memory().numTensors;
    const controller = new AbortController();
    const progress = (share: number) => {
      if (share > 0.5) controller.abort(new Error('enough'));
    };
    await expect(train(problem(29), {}, { signal: controller.signal, progress })).rejects.toThrow('enough');
    expect(tf.memory().numTensors).toBeLessThanOrEqual(before);
  });

  it('reports a share that grows to one', async () => {
    const shares: number[] = [];
    await train(problem(29), {}, { progress: (share) => shares.push(share) });
    expect(shares).toEqual(shares.toSorted((a, b) => a - b));
    expect(shares.at(-1)).toBe(1);
  });

  it.each([
    ['clean', undefined],
    ['adversarial', { norm: 'l2', eps: 0.3, steps: 2 } as const],
  ])('keeps the number of tensors flat over 50 steps: %s', async (_, adversary) => {
    const counts: number[] = [];
    const options = { progress: () => counts.push(tf.memory().numTensors), ...(adversary && { adversary }) };
    await train(problem(400), { epochs: 1 }, options);
    // One tensor a step holds its sums until they are read, as they are after the 50th.
    const steps = counts.slice(1, 49);
    steps.forEach((count, i) => {
      expect(count - i).toBe(steps[0]);
    });
    expect(counts).toHaveLength(51);
    expect(counts[49]).toBe((steps[0] ?? Number.NaN) - 2);
  });
});

it('gives every step a stream of its own', async () => {
  const { trainable, dispose } = buildNetwork(model, architecture, initialise(model, architecture, stream('initial')));
  if (trainable === null) throw new Error('not trainable');
  const steps = new Set<string>();
  const logits: typeof trainable.logits = (images, own, seen) => {
    steps.add(own.names.join(' '));
    return trainable.logits(images, own, seen);
  };
  await descend({
    trainable: { ...trainable, logits },
    data: problem(20),
    settings: { ...settings, epochs: 2 },
    adversary: null,
    stream: stream('own'),
    signal: new AbortController().signal,
    progress: () => {},
  });
  expect([...steps]).toEqual([0, 1].flatMap((epoch) => [0, 1, 2].map((step) => `own step ${epoch} ${step}`)));
  dispose();
});
