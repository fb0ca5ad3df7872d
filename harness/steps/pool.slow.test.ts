/** Real processes that are cancelled, grow, or differ in number. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createPool, type Pool, type PoolOptions } from './pool.ts';
import { runSteps, type StepEvent } from './scheduler.ts';
import { Store } from './store.ts';
import { survivors } from './testing/processes.ts';
import { toyGraph, toyStep } from './testing/toy-steps.ts';

let folder: string;
let log: string;
let pools: Pool[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'attribench-pool-'));
  log = join(folder, 'log');
  pools = [];
});
afterEach(async () => {
  await Promise.all(pools.map((pool) => pool.close()));
  await rm(folder, { recursive: true });
});

async function open(options: Partial<PoolOptions> = {}, name = 'store') {
  const store = await Store.open(join(folder, name));
  const program = new URL('./testing/toy-worker.ts', import.meta.url);
  const pool = createPool({ storeFolder: store.folder, program, log: () => {}, ...options });
  pools.push(pool);
  return { store, pool };
}

async function pids(): Promise<number[]> {
  const lines = (await readFile(log, 'utf8')).trim().split('\n');
  return lines.map((line) => Number(line.split(' ').at(-1)));
}

test('one worker and two leave the same bytes', async () => {
  const steps = toyGraph();
  const one = await open({ workers: 1 }, 'one');
  const two = await open({ workers: 2 }, 'two');
  await runSteps(steps, one);
  await runSteps(steps, two);
  for (const step of steps) {
    const artifact = await one.store.read(step);
    expect(artifact).toBeDefined();
    expect(await two.store.read(step)).toEqual(artifact);
  }
});

test('two workers run two steps at the same time', async () => {
  const { store, pool } = await open({ workers: 2 });
  const events: StepEvent[] = [];
  const steps = ['a', 'b'].map((name) => toyStep(name, [], { busy: 500, log }));
  await runSteps(steps, { store, pool, event: (event) => events.push(event) });
  expect(new Set(await pids()).size).toBe(2);
  expect(events.slice(0, 2).map(({ state }) => state)).toEqual(['started', 'started']);
});

test('a graph whose every third step dies once comes out as if undisturbed', async () => {
  const disturbed = toyGraph().map((step, i) =>
    i % 3 === 0 ? { ...step, parameters: { step: { log, deaths: 1 } } } : step,
  );
  const { store, pool } = await open({ workers: 2 });
  const calm = await open({ workers: 2 }, 'calm');
  const events: StepEvent[] = [];
  await runSteps(disturbed, { store, pool, event: (event) => events.push(event) });
  await runSteps(toyGraph(), calm);
  expect(events.filter(({ state }) => state === 'retried')).toHaveLength(5);
  for (const step of disturbed) expect(await store.read(step)).toEqual(await calm.store.read(step));
});

test('cancelling kills steps that never yield, at once, and keeps what finished', async () => {
  const { store, pool } = await open({ workers: 2 });
  const quick = toyStep('quick', [], { log, cost: 9 });
  const endless = ['a', 'b'].map((name) => toyStep(name, [quick], { busy: 600_000, log }));
  const control = new AbortController();
  const event = ({ step, state }: StepEvent) => {
    if (step === endless[1] && state === 'started') setTimeout(() => control.abort(new Error('enough')), 1500);
  };
  await expect(runSteps([quick, ...endless], { store, pool, event, signal: control.signal })).rejects.toThrow('enough');
  expect(await survivors(await pids(), 1000)).toEqual([]);
  expect(await store.has(quick)).toBe(true);
  expect(await store.list()).toHaveLength(1);
});

test('closing ends a worker in the middle of a step', async () => {
  const { pool } = await open({ workers: 1 });
  const run = pool.run(toyStep('endless', [], { busy: 600_000, log }), { signal: new AbortController().signal });
  const refused = expect(run).rejects.toThrow('the pool is closed');
  while ((await pids().catch(() => [])).length === 0) await new Promise((resolve) => setTimeout(resolve, 50));
  await pool.close();
  await refused;
  expect(await survivors(await pids(), 1000)).toEqual([]);
});

test('a worker that has grown is replaced after its step', async () => {
  const { store, pool } = await open({ workers: 1, memoryLimit: 300 * 2 ** 20 });
  const hoarders = [1, 2, 3, 4].map((i) => toyStep(`${i}`, [], { hoards: 150, log }));
  const results = await runSteps(hoarders, { store, pool });
  expect([...results.values()].map(({ status }) => status)).toEqual(Array(4).fill('computed'));
  const [a, b, c, d] = await pids();
  expect([b, d]).toEqual([a, c]);
  expect(c).not.toBe(a);
});
