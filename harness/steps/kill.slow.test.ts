/** kill -9 and Ctrl-C of the process that runs everything: nothing half is left, and running again completes it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Stream } from '../random.ts';
import { Store } from './store.ts';
import { pause, survivors } from './testing/processes.ts';
import { toyGraph } from './testing/toy-steps.ts';

const program = (name: string) => fileURLToPath(new URL(`./testing/${name}.ts`, import.meta.url));

let folder: string;
let damage: string[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'attribench-kill-'));
  damage = [];
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Starts a program in a process group of its own, as a terminal does. */
function start(name: string, ...args: readonly (string | number)[]): ChildProcess {
  return spawn(process.execPath, ['--import', 'tsx', program(name), ...args.map(String)], {
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

/** What a program printed, when it has ended. */
async function output(child: ChildProcess): Promise<string> {
  let text = '';
  child.stdout?.setEncoding('utf8').on('data', (chunk) => {
    text += chunk;
  });
  await once(child, 'close');
  return text.trim();
}

function open(place: string): Promise<Store> {
  return Store.open(join(place, 'store'), { onDamage: (report) => damage.push(report) });
}

async function workers(place: string): Promise<number[]> {
  const log = await readFile(join(place, 'log'), 'utf8').catch(() => '');
  return log
    .trim()
    .split('\n')
    .filter(Boolean)
    .map((line) => Number(line.split(' ').at(-1)));
}

/** Waits until so many steps have started. */
async function started(place: string, steps: number): Promise<void> {
  while ((await workers(place)).length < steps) await pause(5);
}

test('a run killed again and again ends with the bytes of an undisturbed one, computing nothing twice', async () => {
  const calm = join(folder, 'calm');
  const killed = join(folder, 'killed');
  expect(await output(start('toy-run', calm, 2, 0))).toBe('done 13');
  const stream = new Stream(['kill points']);
  for (const steps of [1, 4, 8]) {
    const child = start('toy-run', killed, 2, 60);
    const gone = once(child, 'close');
    await started(killed, (await workers(killed)).length + steps);
    await pause(stream.integer(60));
    child.kill('SIGKILL');
    await gone;
    expect(await survivors(await workers(killed), 2000)).toEqual([]);
  }
  const before = (await (await open(killed)).list()).length;
  expect(before).toBeGreaterThan(0);
  expect(await output(start('toy-run', killed, 1, 0))).toBe(`done ${13 - before}`);
  const [undisturbed, resumed] = [await open(calm), await open(killed)];
  for (const step of toyGraph()) {
    expect(await resumed.read(step)).toEqual(await undisturbed.read(step));
  }
  expect(damage).toEqual([]);
});

test('workers that never yield do not outlive a killed parent by more than a moment', async () => {
  const child = start('toy-run', folder, 2, 600_000);
  const gone = once(child, 'close');
  await started(folder, 1);
  child.kill('SIGKILL');
  await gone;
  expect(await survivors(await workers(folder), 2000)).toEqual([]);
});

test('Ctrl-C stops the run and its workers, and what finished is kept', async () => {
  const child = start('toy-run', folder, 2, 200);
  const printed = output(child);
  await started(folder, 4);
  process.kill(-(child.pid ?? 0), 'SIGINT');
  expect(await printed).toMatch(/^stopped \d+$/);
  expect(child.exitCode).toBe(0);
  expect(await survivors(await workers(folder), 1000)).toEqual([]);
  const kept = Number((await printed).split(' ')[1]);
  expect(kept).toBeGreaterThan(0);
  expect(kept).toBeLessThan(13);
  // A worker may have written its artifact and been stopped before it could say so.
  const inStore = (await (await open(folder)).list()).length;
  expect(inStore).toBeGreaterThanOrEqual(kept);
  expect(inStore).toBeLessThanOrEqual(kept + 2);
});

test('a writer killed at any moment leaves whole artifacts and nothing half that counts', async () => {
  const stream = new Stream(['writer']);
  for (let round = 0; round < 8; round++) {
    const child = start('toy-writer', folder, round);
    const gone = once(child, 'close');
    await once(child.stdout ?? child, 'data');
    await pause(stream.integer(60));
    child.kill('SIGKILL');
    await gone;
  }
  const store = await open(folder);
  const written = await store.list();
  expect(written.length).toBeGreaterThan(8);
  for (const { key } of written) expect((await store.read({ key }))?.parts.values?.byteLength).toBe(2_000_000);
  expect(damage).toEqual([]);
  const files = async () => (await readdir(store.folder, { recursive: true })).filter((name) => name.includes('.'));
  const before = await files();
  await store.sweep(0);
  const after = await files();
  expect(after.length).toBeLessThan(before.length);
  expect(after).toHaveLength(written.length * 6);
});
