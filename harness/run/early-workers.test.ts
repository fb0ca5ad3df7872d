import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Store } from '../steps/store.ts';
import { startEarly } from './early-workers.ts';

let folder: string;
let store: Store;
let marker: string;
let program: URL;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'attribench-early-'));
  store = await Store.open(join(folder, 'store'));
  marker = join(folder, 'started');
  const path = join(folder, 'worker.mjs');
  await writeFile(
    path,
    `import { appendFileSync } from 'node:fs'; appendFileSync(${JSON.stringify(marker)}, '.'); setInterval(() => {}, 1000);`,
  );
  program = pathToFileURL(path);
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

test('the workers of a first run start before any step comes, and end with the pool', async () => {
  const pool = await startEarly({ store, engine: 'cpu', workers: 1, program });
  expect(pool?.size).toBe(1);
  await vi.waitFor(() => expect(existsSync(marker)).toBe(true), { timeout: 30_000 });
  await pool?.close();
});

test('nobody starts where something was computed', async () => {
  await mkdir(join(store.folder, '0a'));
  expect(await startEarly({ store, engine: 'cpu', workers: 1, program })).toBeUndefined();
});

test('an engine that is unknown is named as a plan names it', async () => {
  await expect(startEarly({ store, engine: 'abacus', workers: 1, program })).rejects.toThrow(
    '[attribench] engine "abacus" is unknown, expected one of: ',
  );
  expect(existsSync(marker)).toBe(false);
});
