/** Every training, on a problem that a linear model solves in a second. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DatasetContent, defineModel, sha256, stream, type TrainingRequest, tf } from 'attribench';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadEngine } from '../../harness/engine/index.ts';
import { encodeWeights } from '../../harness/network/weights.ts';
import linear from '../linear.ts';
import mlp256 from '../mlp-256.ts';
import given from './given.ts';
import pgdL2 from './pgd-l2.ts';
import pgdLinf from './pgd-linf.ts';
import standard from './standard.ts';

let folder = '';
beforeAll(async () => {
  await loadEngine('wasm');
  folder = await mkdtemp(join(tmpdir(), 'attribench-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** Noise below 0.2 on 16 pixels; class c has ones on pixels 8c .. 8c + 7. */
function problem(): DatasetContent {
  const split = (name: string, count: number) => {
    const images = stream('test', name).uniforms(count * 16, 0, 0.2);
    const labels = Int32Array.from({ length: count }, (_, i) => i % 2);
    labels.forEach((label, i) => {
      images.fill(1, i * 16 + 8 * label, i * 16 + 8 * label + 8);
    });
    return { images, labels };
  };
  const splits = { train: split('train', 300), validation: split('validation', 20), test: split('test', 100) };
  return { shape: [4, 4, 1], classes: ['a', 'b'], bounds: { low: 0, high: 1 }, splits };
}

/** Brightness below against brightness above, as a function without weights. */
const own = defineModel({
  id: 'own',
  title: 'Own',
  cite: 'none',
  revision: 1,
  build: () => ({
    logits: (images) => tf.sum(images.reshape([-1, 2, 8]), 2) as tf.Tensor2D,
    dispose: () => {},
  }),
});

const request = <P>(parameters: P, model = mlp256): Omit<TrainingRequest<never>, 'parameters'> & { parameters: P } => ({
  data: problem(),
  model,
  modelParameters: {},
  parameters,
  stream: stream('test', 'training'),
  signal: new AbortController().signal,
  progress: () => {},
});

describe('trainings', () => {
  it('standard stops by its criterion, and keeps where it started', async () => {
    const trained = await standard.train(request({ ...standard.parameters }));
    expect(trained.status).toBe('converged');
    expect(trained.figures).toMatchObject({ testAccuracy: 1, trainAccuracy: 1, epochs: trained.log.length });
    expect(trained.figures.trainLoss).toBeLessThan(0.001);
    expect(trained.initial?.hash).not.toBe(trained.final.hash);
    expect(trained.log.at(0)?.loss).toBeGreaterThan(trained.log.at(-1)?.loss ?? Number.NaN);
  });

  it('starts alike whatever the training: same stream, same initial weights', async () => {
    const short = { epochs: 2, warmupEpochs: 1 };
    const one = await standard.train(request({ ...standard.parameters, ...short }));
    const two = await pgdL2.train(request({ ...pgdL2.parameters, ...short }));
    const again = await pgdL2.train(request({ ...pgdL2.parameters, ...short }));
    expect(two.initial?.hash).toBe(one.initial?.hash);
    expect(two.final.hash).not.toBe(one.final.hash);
    expect(again.final.hash).toBe(two.final.hash);
  });

  it.each([
    ['pgd-l2', () => pgdL2.train(request({ ...pgdL2.parameters, epochs: 10, stopBelow: 0, eps: 1 }))],
    ['pgd-linf', () => pgdLinf.train(request({ ...pgdLinf.parameters, epochs: 10, stopBelow: 0, eps: 0.3 }))],
  ])('%s withstands its adversary and warms up', async (_, train) => {
    const { figures, log, status } = await train();
    expect(status).toBe('finished');
    expect(figures.testAccuracy).toBe(1);
    expect(figures.robustAccuracy).toBe(1);
    expect(log.at(0)?.learningRate).toBeCloseTo(0.1 / 3, 6);
    expect(log.at(2)?.learningRate).toBeCloseTo(0.1, 6);
  });

  it('a linear model is trained, too', async () => {
    const { status, figures } = await standard.train(request({ ...standard.parameters }, linear));
    expect(['converged', 'finished']).toContain(status);
    expect(figures.testAccuracy).toBe(1);
  });

  it('a diverged training says so and gives no accuracy', async () => {
    const { status, figures, log } = await standard.train(request({ ...standard.parameters, learningRate: 1e30 }));
    expect(status).toBe('diverged');
    expect(Object.keys(figures)).toEqual(['epochs']);
    expect(() => JSON.stringify({ figures, log })).not.toThrow();
    expect(log.every(({ loss }) => Number.isFinite(loss))).toBe(true);
  });

  it('do not apply to a model given as a function', async () => {
    const trained = standard.train(request({ ...standard.parameters }, own));
    await expect(trained).rejects.toMatchObject({ name: 'NotApplicable', message: expect.stringContaining('"own"') });
  });
});

describe('given', () => {
  it("takes the user's own weights from a file named by path and hash", async () => {
    const trained = await standard.train(request({ ...standard.parameters }));
    const bytes = encodeWeights(trained.final);
    const file = join(folder, 'mine.safetensors');
    await writeFile(file, bytes);
    const parameters = { ...given.parameters, file, sha256: sha256(bytes) };
    const network = await given.train(request(parameters));
    expect(network).toMatchObject({ status: 'given', initial: null, log: [] });
    expect(network.final.hash).toBe(trained.final.hash);
    const { testAccuracy, robustAccuracy } = trained.figures;
    expect(network.figures).toEqual({ testAccuracy, robustAccuracy });
    await expect(given.train(request({ ...parameters, sha256: 'other' }))).rejects.toThrow(sha256(bytes));
    await expect(given.train(request(parameters, linear))).rejects.toThrow(/weight "logits\/kernel" has shape/);
  });

  it('takes a model given as a function as it is, without a file', async () => {
    const { status, final, figures } = await given.train(request({ ...given.parameters, testEps: 0.1 }, own));
    expect({ status, entries: final.entries, figures }).toEqual({
      status: 'given',
      entries: [],
      figures: { testAccuracy: 1, robustAccuracy: 1 },
    });
    const withFile = { ...given.parameters, file: join(folder, 'mine.safetensors') };
    const bytes = await readFile(withFile.file);
    await expect(given.train(request({ ...withFile, sha256: sha256(bytes) }, own))).rejects.toThrow(
      /"own" is a function/,
    );
  });

  it('asks for a file, and says which one cannot be read', async () => {
    await expect(given.train(request({ ...given.parameters }))).rejects.toThrow(
      /"mlp-256" has weights and was given none/,
    );
    const missing = { ...given.parameters, file: join(folder, 'none') };
    await expect(given.train(request(missing))).rejects.toThrow(/cannot read file .*none/);
  });
});
