import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createPool, memoryLimitOf, type Pool, type StepWatch, WORKER_FLAGS, workerFlags } from './pool.ts';
import { Store } from './store.ts';
import { runToyStep, type ToyBehaviour, toyStep } from './testing/toy-steps.ts';

let folder: string;
let store: Store;
let pool: Pool;
let lines: string[];
let heard: string[];
let watch: StepWatch;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'attribench-pool-'));
  store = await Store.open(join(folder, 'store'));
  lines = [];
  heard = [];
  watch = {
    signal: new AbortController().signal,
    progress: (share, note) => heard.push(`${share} ${note}`),
    retried: (reason) => heard.push(reason),
  };
  pool = createPool({
    workers: 1,
    storeFolder: store.folder,
    program: new URL('./testing/toy-worker.ts', import.meta.url),
    log: (line) => lines.push(line),
  });
});
afterEach(async () => {
  await pool.close();
  await rm(folder, { recursive: true });
});

test.each([
  [2, 24, 3],
  [16, 128, 2],
  [4, 8, 0.75],
  [1, 1, 0.75],
])('%i workers on a machine of %i GiB may hold %f GiB each', (workers, memory, limit) => {
  expect(memoryLimitOf(workers, memory * 2 ** 30)).toBe(limit * 2 ** 30);
});

const step = (name: string, behaviour: ToyBehaviour = {}) =>
  toyStep(name, [], { log: join(folder, 'log'), ...behaviour });

/** Process ids in the order in which steps started. */
async function pids(): Promise<number[]> {
  const log = await readFile(join(folder, 'log'), 'utf8');
  return log
    .trim()
    .split('\n')
    .map((line) => Number(line.split(' ').at(-1)));
}

test('a worker gets the flags that its V8 takes', async () => {
  const flagLog = join(folder, 'flags');
  await pool.run(step('one', { flagLog }), watch);
  expect(JSON.parse(await readFile(flagLog, 'utf8'))).toEqual(expect.arrayContaining([...WORKER_FLAGS]));
  expect(workerFlags('11.3.244.8-node.38')).toContain('--interrupt-budget=500000');
  for (const later of ['11.8.172.17-node.18', '12.4.254.21-node.33', '13.6.233.17-node.37', '1.11.3.1'])
    expect(workerFlags(later)).toEqual(['--initial-old-space-size=256']);
});

test('a step runs in another process, is heard of, and leaves what it leaves here', async () => {
  const one = step('one');
  expect(await pool.run(one, watch)).toEqual({ status: 'computed', seconds: expect.any(Number) });
  expect(heard).toEqual(['0.5 half-way']);
  expect((await pids())[0]).not.toBe(process.pid);
  const here = await runToyStep(one, { store, signal: watch.signal, progress() {}, log() {} });
  expect(await store.read(one)).toEqual(here);
});

test('a step that throws fails at once, with its message, and its stack for a person to see', async () => {
  const broken = step('broken', { throws: 'no such axis' });
  expect(await pool.run(broken, watch)).toEqual({ status: 'failed', error: 'no such axis' });
  expect(lines).toEqual([expect.stringMatching(/broken failed: Error: no such axis\n +at /)]);
  expect(heard).toEqual([]);
  expect(await store.has(broken)).toBe(false);
  expect(await pids()).toHaveLength(1);
});

test('a step whose input is missing says which; a damaged one is reported first', async () => {
  const input = step('input');
  const reader = toyStep('reader', [input]);
  expect(await pool.run(reader, watch)).toEqual({ status: 'missing', key: input.key });
  await pool.run(input, watch);
  const files = await readdir(store.folder, { recursive: true });
  await writeFile(join(store.folder, files.find((name) => /\.[0-9a-f]{64}$/.test(name)) ?? ''), 'rubbish');
  expect(await pool.run(reader, watch)).toEqual({ status: 'missing', key: input.key });
  expect(lines).toEqual([expect.stringMatching(/artifact .* is damaged/)]);
});

test('a step whose process dies runs once more, and comes out right', async () => {
  const killed = step('killed', { deaths: 1 });
  expect((await pool.run(killed, watch)).status).toBe('computed');
  expect(heard).toEqual(['its worker process died (SIGKILL)', '0.5 half-way']);
  const [first, second] = await pids();
  expect(second).not.toBe(first);
  const undisturbed = await runToyStep(toyStep('killed'), { store, signal: watch.signal, progress() {}, log() {} });
  expect(await store.read(killed)).toEqual(undisturbed);
});

test('a step whose process dies twice fails, naming the step, and the next one runs', async () => {
  const doomed = step('doomed', { deaths: 2 });
  expect(await pool.run(doomed, watch)).toEqual({
    status: 'failed',
    error: '[attribench] doomed: its worker process died twice (SIGKILL)',
  });
  expect(heard).toEqual(['its worker process died (SIGKILL)']);
  expect((await pool.run(step('next'), watch)).status).toBe('computed');
});

test('a step that throws where nobody can catch it fails, and the next one runs', async () => {
  const result = await pool.run(step('late', { throwsLate: 'too late' }), watch);
  expect(result).toMatchObject({
    status: 'failed',
    error: expect.stringMatching(/late: .* died twice \(exit code 1\)/),
  });
  expect(await pool.run(step('next'), watch)).toMatchObject({ status: 'computed' });
});

test('a process that died with nothing to do costs the next step no retry', async () => {
  await pool.run(step('one'), watch);
  const [pid = 0] = await pids();
  process.kill(pid, 'SIGKILL');
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect((await pool.run(step('two'), watch)).status).toBe('computed');
  expect(heard).toEqual(['0.5 half-way', '0.5 half-way']);
});

test.each([0, 1.5, Number.NaN])('%s workers is bad input', (workers) => {
  expect(() => createPool({ workers, storeFolder: store.folder })).toThrow(/workers is .*, expected an integer from 1/);
});
