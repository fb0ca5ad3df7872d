/** Networks trained side by side against the same trained one by one, and against a slow twin in float64. */
import { beforeAll, describe, expect, test } from 'vitest';
import type { DatasetContent, Split, Weights } from '../contracts.ts';
import { defineModel } from '../define.ts';
import { loadEngine } from '../engine/index.ts';
import { enginesTested } from '../engine/testing/engines.ts';
import { buildNetwork } from '../network/build.ts';
import { denseChain } from '../network/dense-chain.ts';
import { stream } from '../random.ts';
import * as tf from '../tfjs.js';
import { type DescentSettings, descend } from './gradient-descent.ts';
import { initialise } from './initialisation.ts';
import { RETRAINING, retrain, retrainingSettings } from './retrain.ts';
import { learningRateAt } from './schedule.ts';
import { gatherStacked, keepStacked } from './stacked-batches.ts';
import { descendStacked } from './stacked-descent.ts';
import { stackNetworks } from './stacked-network.ts';
import { retrainStacked } from './stacked-retrain.ts';

const PIXELS = 6;
const HIDDEN = 5;
const CLASSES = 3;

const model = defineModel({
  id: 'tested',
  title: 'Tested',
  cite: 'none',
  revision: 1,
  build: ({ inputShape, classes }) =>
    tf.sequential({
      layers: [
        tf.layers.flatten({ name: 'flatten', inputShape: [...inputShape] }),
        tf.layers.dense({ name: 'hidden', units: HIDDEN, kernelInitializer: 'zeros', activation: 'relu' }),
        tf.layers.dense({ name: 'logits', units: classes, kernelInitializer: 'zeros' }),
      ],
    }),
});

/** Network r's own images: noise plus a pixel of the class, as bytes or as floats in turn. */
function problem(r: number, count = 29): DatasetContent {
  const split = (name: string, n: number): Split => {
    const labels = Int32Array.from({ length: n }, (_, i) => (i * (1 + (r % 2))) % CLASSES);
    const images = stream('test', name, r).uniforms(n * PIXELS, 0, 0.5);
    labels.forEach((label, i) => {
      images[i * PIXELS + label] = 0.9;
    });
    return { labels, images: r % 2 === 0 ? images : Uint8Array.from(images, (value) => 255 * value) };
  };
  return {
    shape: [2, 3, 1],
    classes: ['a', 'b', 'c'],
    bounds: { low: 0, high: 1 },
    splits: { train: split('train', count), validation: split('validation', 4), test: split('test', 300) },
  };
}

const settings: DescentSettings = { ...RETRAINING, batchSize: 8, epochs: 4 };
const architecture = { inputShape: [2, 3, 1], classes: CLASSES, parameters: {} } as const;
const own = (r: number) => stream('test', 'retraining', r);
const initialOf = (r: number) => initialise(model, architecture, own(r).derive('initialisation'));
const running = { signal: new AbortController().signal, progress() {} };

async function oneByOne(r: number, changed: Partial<DescentSettings>, count?: number) {
  const { trainable, dispose } = buildNetwork(model, architecture, initialOf(r));
  if (trainable === null) throw new Error('not trainable');
  const data = problem(r, count);
  const used = { ...settings, ...changed };
  const descent = await descend({ ...running, trainable, data, settings: used, adversary: null, stream: own(r) });
  const weights = await trainable.snapshot();
  dispose();
  return { ...descent, weights };
}

async function sideBySide(
  networks: number,
  changed: Partial<DescentSettings>,
  more: { kept?: boolean; count?: number; initial?: Weights[] } = {},
) {
  const { chain } = denseChain(model, architecture);
  if (chain === null) throw new Error('no chain');
  const members = Array.from({ length: networks }, (_, r) => r);
  const network = stackNetworks(chain, more.initial ?? members.map(initialOf));
  const splits = members.map((r) => problem(r, more.count).splits.train);
  const batches = (more.kept ? keepStacked : gatherStacked)(splits, architecture.inputShape);
  const descents = await descendStacked({
    ...running,
    network,
    batches,
    count: splits[0]?.labels.length ?? 0,
    classes: CLASSES,
    settings: { ...settings, ...changed },
    streams: members.map(own),
  });
  const weights = await network.snapshots();
  batches.dispose();
  network.dispose();
  return descents.map((descent, r) => ({ ...descent, weights: weights[r] as Weights }));
}

/** torch.optim.SGD on a two-layer network in float64: v = momentum v + (g + decay w), w -= rate v. */
function twin(r: number, used: DescentSettings, count?: number) {
  const weights = initialOf(r).entries.map(({ data }) => [...data]);
  const velocities = weights.map((values) => values.map(() => 0));
  const losses: number[] = [];
  const { images, labels } = problem(r, count).splits.train;
  const scale = images instanceof Uint8Array ? 1 / 255 : 1;
  const [w1 = [], b1 = [], w2 = [], b2 = []] = weights;
  const at = (values: ArrayLike<number>, i: number) => values[i] as number;
  const steps = Math.ceil(labels.length / used.batchSize);
  for (let epoch = 0; epoch < used.epochs; epoch++) {
    const order = own(r).derive('order', epoch).permutation(labels.length);
    let sum = 0;
    for (let step = 0; step < steps; step++) {
      const rows = [...order.subarray(step * used.batchSize, (step + 1) * used.batchSize)];
      const gradients = weights.map((values) => values.map(() => 0));
      const add = (k: number, i: number, value: number) => {
        const to = gradients[k] as number[];
        to[i] = at(to, i) + value;
      };
      for (const row of rows) {
        const x = Array.from({ length: PIXELS }, (_, i) => scale * at(images, row * PIXELS + i));
        const h = Array.from({ length: HIDDEN }, (_, j) =>
          Math.max(
            0,
            x.reduce((total, value, i) => total + value * at(w1, i * HIDDEN + j), at(b1, j)),
          ),
        );
        const z = [0, 1, 2].map((c) =>
          h.reduce((total, value, j) => total + value * at(w2, j * CLASSES + c), at(b2, c)),
        );
        const partition = z.reduce((total, value) => total + Math.exp(value), 0);
        sum += Math.log(partition) - at(z, at(labels, row));
        const dz = z.map((value, c) => (Math.exp(value) / partition - (c === labels[row] ? 1 : 0)) / rows.length);
        for (const [c, d] of dz.entries()) {
          add(3, c, d);
          for (let j = 0; j < HIDDEN; j++) add(2, j * CLASSES + c, at(h, j) * d);
        }
        for (let j = 0; j < HIDDEN; j++) {
          if (at(h, j) <= 0) continue;
          const dh = dz.reduce((total, d, c) => total + d * at(w2, j * CLASSES + c), 0);
          add(1, j, dh);
          for (let i = 0; i < PIXELS; i++) add(0, i * HIDDEN + j, at(x, i) * dh);
        }
      }
      const rate = learningRateAt(used, epoch, step, steps);
      weights.forEach((values, k) => {
        const velocity = velocities[k] as number[];
        for (let i = 0; i < values.length; i++) {
          velocity[i] =
            used.momentum * at(velocity, i) + at(gradients[k] as number[], i) + used.weightDecay * at(values, i);
          values[i] = at(values, i) - rate * at(velocity, i);
        }
      });
    }
    losses.push(sum / labels.length);
  }
  return { weights, losses };
}

/** Largest difference of weights, relative to 1 or the larger number. */
function distance(found: Weights, expected: readonly ArrayLike<number>[]): number {
  let largest = 0;
  found.entries.forEach(({ data }, k) => {
    const wanted = expected[k] ?? [];
    expect(data.length).toBe(wanted.length);
    data.forEach((value, i) => {
      const other = wanted[i] as number;
      largest = Math.max(largest, Math.abs(value - other) / Math.max(1, Math.abs(other)));
    });
  });
  return largest;
}

const changes: readonly (readonly [string, Partial<DescentSettings>])[] = [
  ['momentum, decay and a short last batch', {}],
  ['warm-up and step decay', { warmupEpochs: 2, decayEvery: 3, decayFactor: 0.5 }],
  ['strong weight decay', { weightDecay: 0.1 }],
  ['neither momentum nor weight decay', { momentum: 0, weightDecay: 0 }],
];

for (const { name: engine, present, why } of await enginesTested()) {
  if (!present) {
    test(`engine ${engine}: absent (${why})`, () => expect(why).not.toBe(''));
    continue;
  }
  describe(`engine ${engine}`, () => {
    beforeAll(() => loadEngine(engine));

    test.each(changes)('three networks end as they do one by one: %s', async (_, changed) => {
      for (const kept of [false, true]) {
        const stacked = await sideBySide(3, changed, { kept });
        for (const [r, found] of stacked.entries()) {
          const alone = await oneByOne(r, changed);
          expect(found.status).toBe(alone.status);
          expect(
            distance(
              found.weights,
              alone.weights.entries.map(({ data }) => data),
            ),
            `network ${r}`,
          ).toBeLessThan(1e-5);
          expect(found.log.map(({ epoch, learningRate, accuracy }) => [epoch, learningRate, accuracy])).toEqual(
            alone.log.map(({ epoch, learningRate, accuracy }) => [epoch, learningRate, accuracy]),
          );
          found.log.forEach(({ loss }, epoch) => {
            expect(Math.abs(loss - (alone.log[epoch]?.loss ?? Number.NaN))).toBeLessThan(1e-5);
          });
        }
      }
    });

    test.each(changes)('two networks over three steps are those of loops in float64: %s', async (_, changed) => {
      const used = { epochs: 1, batchSize: 8, ...changed };
      const stacked = await sideBySide(2, used, { count: 21 });
      for (const [r, { weights, log }] of stacked.entries()) {
        const expected = twin(r, { ...settings, ...used }, 21);
        expect(distance(weights, expected.weights), `network ${r}`).toBeLessThan(1e-5);
        expect(log[0]?.loss).toBeCloseTo(expected.losses[0] ?? Number.NaN, 5);
      }
    });

    test('predicts what one network alone predicts, and keeps no tensor', async () => {
      const request = { ...running, model, modelParameters: {}, widthShape: [2, 3, 1], settings } as const;
      const members = [0, 1, 2, 3];
      const before = tf.memory().numTensors;
      const data = members.map((r) => problem(r));
      const stacked = await retrainStacked({ ...request, data, streams: members.map(own) });
      for (const r of members) {
        const alone = await retrain({ ...request, data: problem(r), stream: own(r) });
        expect(stacked[r]?.status).toBe(alone.status);
        expect(stacked[r]?.predictions).toEqual(alone.predictions);
      }
      expect(new Set(stacked.map(({ predictions }) => String(predictions))).size).toBe(4);
      expect(tf.memory().numTensors).toBe(before);
    });

    test('one that diverges leaves the others alone, to the bit', async () => {
      const burst = (weights: Weights): Weights => ({
        ...weights,
        entries: weights.entries.map((entry) => ({ ...entry, data: entry.data.map((value) => 1e30 * value) })),
      });
      const calm = await sideBySide(3, {});
      const initial = [initialOf(0), burst(initialOf(1)), initialOf(2)];
      const [first, wild, last] = await sideBySide(3, {}, { initial });
      expect(wild).toMatchObject({ status: 'diverged', log: [] });
      for (const [found, expected] of [
        [first, calm[0]],
        [last, calm[2]],
      ] as const) {
        expect(found?.status).toBe('finished');
        expect(found?.weights.hash).toBe(expected?.weights.hash);
        expect(found?.log).toEqual(expected?.log);
      }
    });

    test('where all diverge each has the same log as alone, and no predictions', async () => {
      const request = { ...running, model, modelParameters: {}, widthShape: [2, 3, 1] } as const;
      const wild = retrainingSettings({ batchSize: 8, learningRate: 1e30 });
      const stacked = await retrainStacked({
        ...request,
        settings: wild,
        data: [problem(0), problem(1)],
        streams: [own(0), own(1)],
      });
      for (const r of [0, 1]) {
        expect(stacked[r]).toEqual(await retrain({ ...request, settings: wild, data: problem(r), stream: own(r) }));
        expect(stacked[r]).toMatchObject({ status: 'diverged', predictions: null });
      }
    });

    test('keeps the number of tensors flat over 50 steps, and frees all when aborted', async () => {
      const before = tf.memory().numTensors;
      const counts: number[] = [];
      const data = [problem(0, 400), problem(1, 400)];
      const request = { model, modelParameters: {}, widthShape: [2, 3, 1], data, streams: [own(0), own(1)] } as const;
      const progress = () => counts.push(tf.memory().numTensors);
      await retrainStacked({ ...running, ...request, settings: { ...settings, epochs: 1 }, progress });
      // One tensor a step holds its sums until they are read, as they are after the 50th.
      const steps = counts.slice(1, 49);
      steps.forEach((count, i) => {
        expect(count - i).toBe(steps[0]);
      });
      expect(counts).toHaveLength(51);
      expect(tf.memory().numTensors).toBe(before);
      const control = new AbortController();
      const abort = (share: number) => void (share > 0.5 && control.abort(new Error('enough')));
      const cut = retrainStacked({ ...request, settings, signal: control.signal, progress: abort });
      await expect(cut).rejects.toThrow('enough');
      expect(tf.memory().numTensors).toBe(before);
    });
  });
}

describe('what cannot be stacked is refused in words', () => {
  const request = { ...running, model, modelParameters: {}, widthShape: [2, 3, 1], settings } as const;
  test.each([
    [
      'other data',
      { data: [problem(0), problem(1, 30)], streams: [own(0), own(1)] },
      '30 and 300 images beside 2,3,1, 3 classes, 29',
    ],
    ['too few streams', { data: [problem(0), problem(1)], streams: [own(0)] }, '1 streams for 2 networks'],
    [
      'augmentation',
      { data: [problem(0)], streams: [own(0)], settings: { ...settings, flip: true } },
      'images are augmented',
    ],
  ])('%s', async (_, changed, message) => {
    await expect(retrainStacked({ ...request, ...changed })).rejects.toThrow(message);
  });

  test('a model that is no chain', async () => {
    const dropout = defineModel({
      ...model,
      id: 'dropping',
      build: ({ inputShape, classes }) =>
        tf.sequential({
          layers: [
            tf.layers.flatten({ name: 'flatten', inputShape: [...inputShape] }),
            tf.layers.dropout({ name: 'drop', rate: 0.5 }),
            tf.layers.dense({ name: 'logits', units: classes, kernelInitializer: 'zeros' }),
          ],
        }),
    });
    const refused = retrainStacked({ ...request, model: dropout, data: [problem(0)], streams: [own(0)] });
    await expect(refused).rejects.toThrow('model "dropping" cannot be stacked: layer "drop" is of type Dropout');
  });
});
