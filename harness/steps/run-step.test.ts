/** The step kinds on a small run of plugins in a project of their own: what they keep, skip, inherit and refuse. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Cell, Step } from '../contracts.ts';
import { loadEngine } from '../engine/index.ts';
import { decodeSafetensors } from '../formats/safetensors.ts';
import { Registry } from '../plugins.ts';
import { workOf } from '../run/work.ts';
import * as tf from '../tfjs.js';
import { StepBook } from './cell-plan.ts';
import { runStep } from './run-step.ts';
import { makeStep } from './step.ts';
import { type Artifact, Store } from './store.ts';

const TEST_IMAGES = 150;

const PLUGINS = `
  import { classLogit, defineDataset, defineMethod, defineModel, NotApplicable, stream, tf } from 'attribench';

  // Class 1 is the brighter lower half, and the test labels are all wrong: predictions and labels differ.
  export const halves = defineDataset({
    id: 'halves', title: 'Halves', cite: 'none', revision: 1,
    load() {
      const split = (name, n, shift) => {
        const images = stream('test', name).uniforms(n * 16, 0, 0.2);
        const labels = Int32Array.from({ length: n }, (_, i) => (i + shift) % 2);
        for (let i = 0; i < n; i++) images.fill(0.9, i * 16 + 8 * (i % 2), i * 16 + 8 * (i % 2) + 8);
        return { images, labels };
      };
      const splits = { train: split('train', 200, 0), validation: split('validation', 10, 0), test: split('test', ${TEST_IMAGES}, 1) };
      return { shape: [4, 4, 1], classes: ['a', 'b'], bounds: { low: 0, high: 1 }, splits };
    },
  });

  export const own = defineModel({
    id: 'function', title: 'Function', cite: 'none', revision: 1,
    build: () => ({ logits: (images) => tf.sum(images.reshape([-1, 2, 8]), 2), dispose() {} }),
  });

  const method = (id, attribute, more = {}) => defineMethod({
    id, title: id, cite: 'none', revision: 1, needs: ['gradient'], rank: 'value', attribute, ...more,
  });
  const drawn = ({ images, streams }) => tf.tensor4d(streams.flatMap((own) => [...own.normals(16)]), images.shape);
  export const noisyGradient = method('noisy-gradient', (request) => tf.tidy(() =>
    request.network.inputGradient(request.images, classLogit(request.classes)).add(drawn(request))));
  export const layers = method('layers', ({ images }) => images.clone(), { needs: ['layers'] });
  export const refusing = method('refusing', () => { throw new NotApplicable('not on a Monday'); });
  export const throwing = method('throwing', () => { throw new Error('out of ideas'); });
  export const nothing = method('nothing', () => undefined);
  export const numbers = method('numbers', () => [1, 2, 3]);
  export const disposed = method('disposed', ({ images }) => { const map = images.clone(); map.dispose(); return map; });
  export const flat = method('flat', ({ images }) => tf.zeros([images.shape[0], 16]));
  export const few = method('few', () => tf.zeros([1, 4, 4, 1]));
  export const nan = method('nan', ({ images }) => tf.tidy(() => tf.log(tf.neg(tf.onesLike(images)))));
  export const oneChannel = method('one-channel', ({ images }) => tf.fill([images.shape[0], 4, 4, 1], 2));
`;

let folder: string;
let store: Store;
let book: StepBook;

beforeAll(async () => {
  const { name, version } = await loadEngine('wasm');
  folder = mkdtempSync(join(tmpdir(), 'attribench-steps-'));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(folder, 'attribench.config.ts'), "export default { plugins: ['./plugins.ts'] };");
  writeFileSync(join(folder, 'plugins.ts'), PLUGINS);
  store = await Store.open(join(folder, 'store'));
  book = new StepBook({
    registry: await Registry.load({ from: folder }),
    engine: { name, version },
    seed: 0,
    trainings: 1,
    overrides: { standard: { epochs: 3, learningRate: 0.05 }, 'pgd-l2': { epochs: 2, learningRate: 1e30 } },
  });
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true }));

const planOf = (method: string, { model = 'linear', training = 'standard' } = {}) => {
  const cell: Cell = {
    check: book.resolve('check', { id: 'robust-accuracy' }),
    dataset: book.resolve('dataset', { id: 'halves' }),
    model: book.resolve('model', { id: model }),
    training: book.resolve('training', { id: training }),
    method: book.resolve('method', { id: method }),
  };
  return book.plan(cell);
};

const context = () => ({ store, signal: new AbortController().signal, progress() {}, log() {} });

/** The artifact of a step, with those that it rests on in the store. */
async function artifactOf(step: Step): Promise<Artifact> {
  for (const { key } of Object.values(step.inputs)) {
    const input = book.step(key);
    if (input !== undefined && !(await store.has(input))) {
      await store.write(input, await artifactOf(input), { seconds: 0 });
    }
  }
  return runStep(step, context());
}

function mapsIn({ parts }: Artifact) {
  const arrays = Object.fromEntries(
    decodeSafetensors(parts.maps ?? new Uint8Array()).entries.map(({ name, data }) => [name, [...data]] as const),
  );
  return { values: arrays.values ?? [], classes: arrays.classes ?? [] };
}

describe('attribution', () => {
  it('explains the predicted classes, not the labels', async () => {
    const { classes } = mapsIn(await artifactOf(planOf('one-channel').maps(0)));
    expect(classes).toEqual(Array.from({ length: TEST_IMAGES }, (_, i) => i % 2));
  });

  it('gives every image the same map, whatever the batch that it travels in', async () => {
    const step = planOf('noisy-gradient').maps(0);
    const { key: _, ...parts } = step;
    const inBatchesOf = async (batch: number) => {
      const parameters = { ...parts.parameters, step: { ...parts.parameters.step, batch } };
      return mapsIn(await artifactOf(makeStep({ ...parts, parameters }))).values;
    };
    const [whole, small] = [mapsIn(await artifactOf(step)).values, await inBatchesOf(7)];
    expect(small).toHaveLength(TEST_IMAGES * 16);
    expect(Math.max(...small.map((value, i) => Math.abs(value - (whole[i] ?? Number.NaN))))).toBeLessThan(1e-5);
    // The noise is drawn by image, so no two of the gradients, which are all but equal, give the same map.
    expect(new Set(small.slice(0, 32)).size).toBe(32);
  });

  it.each([
    ['throwing', 'out of ideas'],
    ['nothing', 'method nothing: the map is undefined, expected a tensor [128,4,4,1]'],
    ['numbers', 'method numbers: the map is object, expected a tensor'],
    ['disposed', 'method disposed: the map was disposed'],
    ['flat', 'method flat: map has shape [128,16], expected [128,4,4,1]'],
    ['few', 'method few: map has shape [1,4,4,1], expected [128,4,4,1]'],
    ['nan', 'method nan: the map holds NaN at coordinate 0'],
  ])('fails for the method "%s", in words, and leaks nothing', async (method, message) => {
    const step = planOf(method).maps(0);
    await artifactOf(planOf('one-channel').maps(0));
    const before = tf.memory().numTensors;
    await expect(artifactOf(step)).rejects.toThrow(message);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('is skipped with the reason where the method or the model cannot', async () => {
    const reason = async (step: Step) => (await artifactOf(step)).outcome;
    expect(await reason(planOf('refusing').maps(0))).toEqual({ status: 'skipped', reason: 'not on a Monday' });
    expect(await reason(planOf('layers', { model: 'function', training: 'given' }).maps(0))).toEqual({
      status: 'skipped',
      reason: 'layers needs layers, and this model offers only logits, gradient',
    });
    const initial = planOf('noisy-gradient', { model: 'function', training: 'given' }).maps(0, { weights: 'initial' });
    expect(await reason(initial)).toMatchObject({ status: 'skipped', reason: expect.stringContaining('were given') });
  });

  it('runs on a model given as a function', async () => {
    const { values } = mapsIn(
      await artifactOf(planOf('input-gradient', { model: 'function', training: 'given' }).maps(0)),
    );
    const [first, second] = [values.slice(0, 16), values.slice(16, 32)];
    expect(first).toEqual([...Array(8).fill(1), ...Array(8).fill(0)]);
    expect(second).toEqual([...Array(8).fill(0), ...Array(8).fill(1)]);
  });

  it('frees every tensor, also of the networks that it built', async () => {
    await artifactOf(planOf('linear-model').maps(0));
    const before = tf.memory().numTensors;
    await artifactOf(planOf('linear-model').maps(0));
    await artifactOf(planOf('integrated-gradients').maps(0));
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('what rests on a training', () => {
  it('that diverged is excluded with its reason, and computes nothing', async () => {
    const plan = planOf('throwing', { training: 'pgd-l2' });
    const reason = expect.stringMatching(/^training diverged after \d+ epochs$/);
    const trained = await artifactOf(plan.weights(0));
    expect(trained.outcome).toEqual({ status: 'excluded', reason });
    expect(Object.keys(trained.parts).sort()).toEqual(['final', 'initial']);
    expect(await artifactOf(plan.maps(0))).toEqual({ outcome: trained.outcome, metadata: null, parts: {} });
    const evaluation = plan.evaluate('accuracies', { weights: plan.weights(0), data: plan.dataset() });
    expect((await artifactOf(evaluation)).outcome).toEqual(trained.outcome);
  });

  it('that a function cannot have is skipped', async () => {
    const plan = planOf('input-gradient', { model: 'function' });
    expect((await artifactOf(plan.maps(0))).outcome).toMatchObject({
      status: 'skipped',
      reason: expect.stringContaining('"function" is a function without weights'),
    });
  });
});

/** What a retraining keeps. */
type Scored = { readonly figures: { readonly testAccuracy: number } };

describe('retraining', () => {
  const choice = { retraining: 0, level: 0.25, side: 'top' } as const;
  /** Labels of the test split are all wrong in this data set: what is learned predicts the other class. */
  const predicted = async (step: Step) => {
    const { parts, metadata } = await artifactOf(step);
    const [classes] = decodeSafetensors(parts.predictions ?? new Uint8Array()).entries;
    return { classes: [...(classes?.data ?? [])], metadata, parts: Object.keys(parts) };
  };

  it('keeps the predicted class of each test image, and no weights', async () => {
    const { classes, metadata, parts } = await predicted(planOf('noisy-gradient').retrain(0, choice));
    expect(parts).toEqual(['predictions']);
    expect(classes).toHaveLength(TEST_IMAGES);
    const right = classes.filter((c, i) => c === (i + 1) % 2).length / TEST_IMAGES;
    expect(metadata).toMatchObject({ status: 'finished', figures: { testAccuracy: right } });
    expect((metadata as { log: unknown[] }).log).toHaveLength(8);
  });

  it('learns from the coordinates that a map ranks high, and nothing from a mask of ties', async () => {
    // Labels are all wrong in the test split: what learns the rule scores 0.
    const score = async (method: string, more: object = {}) =>
      ((await predicted(planOf(method).retrain(0, { ...choice, ...more }))).metadata as never as Scored).figures
        .testAccuracy;
    expect(await score('noisy-gradient', { level: 0.9 })).toBeLessThan(0.1);
    expect(Math.abs((await score('one-channel', { input: 'mask' })) - 0.5)).toBeLessThan(0.2);
  });

  it('has the same maps of training images whatever batch they travel in', async () => {
    const step = planOf('one-channel').maps(0, { split: 'train' });
    const { values, classes } = mapsIn(await artifactOf(step));
    expect(values).toHaveLength(200 * 16);
    expect(classes).toEqual(Array.from({ length: 200 }, (_, i) => i % 2));
  });

  it('explains classes drawn at random where asked, whatever is predicted', async () => {
    const p = planOf('noisy-gradient');
    const [drawn, predicted] = [
      mapsIn(await artifactOf(p.maps(0, { split: 'train', classes: 'drawn' }))),
      mapsIn(await artifactOf(p.maps(0, { split: 'train' }))),
    ];
    const agreeing = drawn.classes.filter((label, i) => label === predicted.classes[i]).length;
    // Four standard errors of a half of 200.
    expect(Math.abs(agreeing - 100)).toBeLessThan(29);
    drawn.classes.forEach((label, i) => {
      const same =
        drawn.values.slice(16 * i, 16 * (i + 1)).join() === predicted.values.slice(16 * i, 16 * (i + 1)).join();
      expect(same).toBe(label === predicted.classes[i]);
    });
  });

  it('on everything needs no maps', async () => {
    const whole = planOf('throwing').retrain(0, { ...choice, level: 1 });
    expect((await predicted(whole)).classes).toEqual(Array.from({ length: TEST_IMAGES }, (_, i) => i % 2));
  });

  it('is excluded where it diverged, and skipped for a model that cannot be trained', async () => {
    const diverging = planOf('one-channel').retrain(0, { ...choice, settings: { learningRate: 1e30 } });
    const reason = expect.stringMatching(/^a retraining diverged after \d epochs$/);
    expect((await artifactOf(diverging)).outcome).toEqual({ status: 'excluded', reason });
    const given = planOf('one-channel', { model: 'function', training: 'given' }).retrain(0, choice);
    expect((await artifactOf(given)).outcome).toMatchObject({ status: 'skipped' });
  });
});

it('the work of steps is known once their data set is stored', async () => {
  const plan = planOf('one-channel');
  const steps = [
    plan.retrain(0, { retraining: 0, level: 0.5, side: 'top' }),
    plan.retrain(0, { retraining: 0, level: 0.5, side: 'top', input: 'mask' }),
    plan.weights(0),
    plan.maps(0, { split: 'train' }),
  ];
  await artifactOf(plan.weights(0));
  const work = await workOf(steps, store);
  // A linear model of 16 coordinates and 2 classes: 2 x 32 operations forward, three times that a pass.
  const [images, forward] = [200, 2 * 16 * 2];
  expect(steps.map(({ key }) => work.get(key))).toEqual([
    { flop: 3 * forward * images * 8, bytes: 4 * TEST_IMAGES },
    { flop: 2 * 3 * forward * images * 8, bytes: 4 * TEST_IMAGES },
    { flop: 3 * forward * images * 3, bytes: 2 * 4 * (16 * 2 + 2) },
    { flop: null, bytes: images * 4 * (16 + 1) },
  ]);
  const none = { has: async () => false, read: async () => undefined };
  expect([...(await workOf(steps, none)).values()]).toEqual(steps.map(() => ({ flop: null, bytes: null })));
});
