import { beforeAll, expect, test } from 'vitest';
import { loadEngine } from '../../harness/engine/index.ts';
import { type TrainingSettings, trainOnSupport } from './train.ts';
import { trainAll } from './train-all.ts';

beforeAll(async () => {
  await loadEngine('wasm');
});

const settings: TrainingSettings = {
  model: 'one-hidden-layer',
  blocks: 4,
  width: 6,
  initialisation: 'torch-linear',
  learningRate: 0.1,
  steps: 5,
  eps: 0.1,
};
const options = { engine: 'wasm', workers: 2, signal: new AbortController().signal, progress: () => {} };

test('gives what one process gives, in the order of the jobs, and tells how far it is', async () => {
  const jobs = [
    { settings, training: 1 },
    { settings: { ...settings, steps: 12 }, training: 0 },
    { settings: { ...settings, model: 'linear' as const }, training: 0 },
  ];
  const shares: number[] = [];
  const trained = await trainAll(jobs, { ...options, progress: (share) => shares.push(share) });
  for (const [i, job] of jobs.entries()) {
    expect(trained[i]).toEqual(await trainOnSupport(job.settings, job.training, options.signal, () => {}));
  }
  expect(shares.at(-1)).toBeCloseTo(1, 12);
  expect([...shares].sort((a, b) => a - b)).toEqual(shares);
});

test('a training that fails ends all, with its own words', async () => {
  const diverging = { ...settings, learningRate: 1e30 };
  await expect(trainAll([{ settings: diverging, training: 0 }], options)).rejects.toThrow(/training 0 of .* diverged/);
});

test('an interrupt ends the processes', async () => {
  const interrupt = new AbortController();
  const long = { settings: { ...settings, steps: 2_000 }, training: 0 };
  const waiting = trainAll([long], {
    ...options,
    signal: interrupt.signal,
    progress: () => interrupt.abort(new Error('enough')),
  });
  await expect(waiting).rejects.toThrow('enough');
});
