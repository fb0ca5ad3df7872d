import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { StepKind } from '../contracts.ts';
import { sha256 } from '../fingerprint.ts';
import { Stream } from '../random.ts';
import { type Artifact, type PruneOptions, Store } from './store.ts';

const KEY = sha256('a step');
const STEP = { kind: 'attribution', key: KEY } as const;
const RUN = { seconds: 1.5 };

let folder: string;
let damage: string[];
let store: Store;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'attribench-store-'));
  damage = [];
  store = await Store.open(folder, { onDamage: (report) => damage.push(report), shardBytes: 1000 });
});
afterEach(() => rm(folder, { recursive: true }));

function bytes(count: number, name = 'bytes'): Uint8Array {
  const stream = new Stream([name]);
  return Uint8Array.from({ length: count }, () => stream.integer(256));
}

function artifact(parts: Artifact['parts'] = { maps: bytes(2500) }): Artifact {
  return { outcome: { status: 'completed' }, metadata: { rank: 'value' }, parts };
}

/** Paths of all files of the store, sorted by name. */
async function files(): Promise<string[]> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  return found
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

async function flip(path: string, at: number): Promise<void> {
  const content = await readFile(path);
  content[at] = (content[at] ?? 0) ^ 1;
  await writeFile(path, content);
}

describe('an artifact', () => {
  test('comes back as it was written, in whole, by its head and by a part', async () => {
    const written = artifact({ maps: bytes(2500), empty: new Uint8Array(0), exact: bytes(2000, 'exact') });
    await store.write(STEP, written, RUN);
    expect(await store.has(STEP)).toBe(true);
    expect(await store.read(STEP)).toEqual(written);
    expect(await store.readHead(STEP)).toEqual({ outcome: written.outcome, metadata: written.metadata, seconds: 1.5 });
    expect(await store.readPart(STEP, 'exact')).toEqual(written.parts.exact);
  });

  test('keeps what is streamed in files, a shard a piece, and gives their places', async () => {
    const pieces = [bytes(700, 'a'), bytes(300, 'b'), bytes(700, 'a')];
    async function* stream() {
      // One buffer for all pieces, as a maker of large parts has it.
      const buffer = new Uint8Array(700);
      for (const piece of pieces) {
        buffer.set(piece);
        yield buffer.subarray(0, piece.length);
      }
    }
    const { outcome, metadata, parts } = artifact({ small: bytes(10) });
    await store.write(STEP, { outcome, metadata, parts, streams: { large: stream() } }, RUN);
    const read = await store.read(STEP);
    expect(read?.parts).toEqual(parts);
    const shards = read?.shards?.large ?? [];
    expect(shards.map(({ bytes }) => bytes)).toEqual([700, 300, 700]);
    expect(Buffer.concat(await Promise.all(shards.map(({ path }) => readFile(path))))).toEqual(Buffer.concat(pieces));
    expect((await store.list())[0]?.bytes).toBeGreaterThan(1700);
    await flip(shards[1]?.path ?? '', 5);
    expect(await store.read(STEP)).toBeUndefined();
    expect(damage[0]).toContain('a shard of part "large" does not match its checksum');
    expect(await files()).toEqual([]);
  });

  test('a stream that fails leaves no artifact', async () => {
    async function* stream() {
      yield bytes(100);
      throw new Error('the disk of the images is gone');
    }
    const written = store.write(STEP, { ...artifact(), streams: { large: stream() } }, RUN);
    await expect(written).rejects.toThrow('the disk of the images is gone');
    expect(await store.has(STEP)).toBe(false);
  });

  test('is undefined where nothing was written', async () => {
    expect(await store.has(STEP)).toBe(false);
    expect(await store.read(STEP)).toBeUndefined();
    expect(await store.readHead(STEP)).toBeUndefined();
    expect(await store.readPart(STEP, 'maps')).toBeUndefined();
    expect(damage).toEqual([]);
  });

  test('is split into shards of the size given, and its parts start at offset 0 for typed arrays', async () => {
    await store.write(STEP, artifact({ values: bytes(4096) }), RUN);
    expect(await files()).toHaveLength(5 + 1);
    const part = await store.readPart(STEP, 'values');
    expect(part?.byteOffset).toBe(0);
    expect(part?.buffer.byteLength).toBe(4096);
  });

  test('keeps an outcome that is not "completed"', async () => {
    const skipped = { outcome: { status: 'skipped', reason: 'no layers' }, metadata: null, parts: {} } as const;
    await store.write(STEP, skipped, RUN);
    expect(await store.read(STEP)).toEqual(skipped);
  });

  test('with an unknown part asked for is an error that names the known ones', async () => {
    await store.write(STEP, artifact(), RUN);
    await expect(store.readPart(STEP, 'map')).rejects.toThrow(
      `[attribench] store: attribution ${KEY} has no part "map"; its parts: maps`,
    );
  });

  test('with a number that JSON cannot hold is refused, and nothing is kept', async () => {
    await expect(store.write(STEP, { ...artifact(), metadata: { loss: Number.NaN } }, RUN)).rejects.toThrow();
    expect(await store.has(STEP)).toBe(false);
  });
});

describe('damage', () => {
  const kinds: readonly [string, string, (paths: string[]) => Promise<void>][] = [
    ['a flipped bit in a shard', 'does not match its checksum', (paths) => flip(shard(paths), 17)],
    ['a truncated shard', 'has 500 bytes, expected 1000', (paths) => truncate(shard(paths), 500)],
    ['an emptied shard', 'has 0 bytes, expected 1000', (paths) => truncate(shard(paths), 0)],
    ['a lost shard', 'is missing', (paths) => rm(shard(paths))],
    ['a flipped bit in the manifest', 'manifest does not match', (paths) => flip(manifest(paths), 120)],
    ['a flipped bit in the manifest’s checksum', 'manifest does not match', (paths) => flip(manifest(paths), 20)],
    ['a truncated manifest', 'manifest does not match', (paths) => truncate(manifest(paths), 100)],
    ['an emptied manifest', 'manifest does not match', (paths) => truncate(manifest(paths), 0)],
  ];
  const manifest = (paths: string[]) => paths.find((path) => path.endsWith('.json')) ?? '';
  /** The first shard of `bytes(2500)`. */
  const shard = (paths: string[]) => paths.find((path) => path.endsWith(sha256(bytes(2500).subarray(0, 1000)))) ?? '';

  test.each(kinds)('%s is reported and removed, and the artifact can be written again', async (_, report, harm) => {
    await store.write(STEP, artifact(), RUN);
    await harm(await files());
    expect(await store.read(STEP)).toBeUndefined();
    expect(damage).toEqual([expect.stringContaining(KEY)]);
    expect(damage[0]).toContain(report);
    expect(await store.has(STEP)).toBe(false);
    expect(await files()).toEqual([]);
    await store.write(STEP, artifact(), RUN);
    expect(await store.read(STEP)).toEqual(artifact());
    expect(damage).toHaveLength(1);
  });

  test('of one part leaves the other readable until the damaged one is read', async () => {
    await store.write(STEP, artifact({ maps: bytes(10, 'maps'), classes: bytes(10, 'classes') }), RUN);
    await flip((await files()).find((path) => path.endsWith(sha256(bytes(10, 'maps')))) ?? '', 0);
    expect(await store.readPart(STEP, 'classes')).toEqual(bytes(10, 'classes'));
    expect(await store.readPart(STEP, 'maps')).toBeUndefined();
    expect(damage).toHaveLength(1);
  });
});

describe('writers', () => {
  test('of a key that is there change nothing', async () => {
    await store.write(STEP, artifact(), RUN);
    const before = await files();
    await store.write(STEP, artifact({ maps: bytes(2500, 'other') }), { seconds: 9 });
    expect(await store.read(STEP)).toEqual(artifact());
    expect(await files()).toEqual(before);
  });

  test('at the same time, with different bytes, leave the whole artifact of one', async () => {
    const candidates = Array.from({ length: 8 }, (_, i) => artifact({ maps: bytes(5000, `writer ${i}`) }));
    const others = await Promise.all(candidates.map(() => Store.open(folder, { shardBytes: 1000 })));
    await Promise.all(others.map((other, i) => other.write(STEP, candidates[i] ?? artifact(), { seconds: i })));
    const first = await store.read(STEP);
    expect(candidates).toContainEqual(first);
    await store.write(STEP, artifact(), RUN);
    expect(await store.read(STEP)).toEqual(first);
    expect(damage).toEqual([]);
  });

  test('leave no unfinished file', async () => {
    await store.write(STEP, artifact(), RUN);
    for (const path of await files()) expect(path).toMatch(/\.(json|[0-9a-f]{64})$/);
  });
});

describe('housekeeping', () => {
  const kinds: readonly StepKind[] = ['dataset', 'training', 'attribution', 'attribution'];
  const steps = kinds.map((kind, i) => ({ kind, key: sha256(`step ${i}`) }));
  const DAY = 24 * 60 * 60;

  beforeEach(async () => {
    for (const step of steps) await store.write(step, artifact(), RUN);
    const now = Date.now() / 1000;
    // The data set is four days old, the training three, the maps two and one.
    for (const path of await files()) {
      const i = steps.findIndex(({ key }) => path.includes(key));
      await utimes(path, now, now - (4 - i) * DAY);
    }
  });

  test('lists artifacts by key with their kind and size', async () => {
    const listed = await store.list();
    expect(listed.map(({ key }) => key)).toEqual(steps.map(({ key }) => key).sort());
    for (const { kind, key, bytes: size, seconds } of listed) {
      expect(steps).toContainEqual({ kind, key });
      expect(size).toBeGreaterThan(2500);
      expect(size).toBeLessThan(3500);
      expect(seconds).toBe(1.5);
    }
    const sizes = await store.sizes();
    expect(Object.values(sizes).map(({ artifacts }) => artifacts)).toEqual([1, 1, 2, 0, 0, 0]);
  });

  test.each<[string, PruneOptions, number[]]>([
    ['everything', {}, [0, 1, 2, 3]],
    ['a kind', { kinds: ['attribution'] }, [2, 3]],
    ['what is older than 2.5 days', { olderThanDays: 2.5 }, [0, 1]],
    ['all but the keys to keep', { keep: new Set([steps[1]?.key ?? '']) }, [0, 2, 3]],
    ['a kind, old, not kept', { kinds: ['training'], olderThanDays: 3.5 }, []],
  ])('prunes %s', async (_, options, expected) => {
    const removed = await store.prune(options);
    const keys = expected.map((i) => steps[i]?.key).sort();
    expect(removed.map(({ key }) => key)).toEqual(keys);
    for (const [i, step] of steps.entries()) expect(await store.has(step)).toBe(!expected.includes(i));
    expect(await files()).toHaveLength((4 - expected.length) * 4);
  });

  test('sweeps what killed writers left, unless it is recent', async () => {
    const [first] = await files();
    const leftovers = ['.123456', '.0a1b.staged', '.0a1b.staged.99'].map((ending) => `${first}${ending}`);
    const orphan = join(folder, 'ab', `ab${'0'.repeat(62)}.${'1'.repeat(64)}`);
    const before = await files();
    await store.write({ kind: 'training', key: `ab${'0'.repeat(62)}` }, artifact({}), RUN);
    await rm(join(folder, 'ab', `ab${'0'.repeat(62)}.json`));
    for (const path of [...leftovers, orphan]) await writeFile(path, 'half');
    await store.sweep();
    expect(await files()).toHaveLength(before.length + 4);
    const old = Date.now() / 1000 - 2 * 60 * 60;
    for (const path of [...leftovers, orphan]) await utimes(path, old, old);
    await store.sweep();
    expect(await files()).toEqual(before);
  });

  test('survives a listing while artifacts vanish', async () => {
    const [, step] = steps;
    if (step === undefined) throw new Error('no step');
    await Promise.all([store.list(), store.remove(step)]);
    expect(await store.list()).toHaveLength(3);
  });
});

test('a store where no folder can be made is one clear sentence', async () => {
  const file = join(folder, 'a-file');
  await writeFile(file, '');
  await expect(Store.open(join(file, 'store'))).rejects.toThrow(
    /^\[attribench\] store: cannot use the folder .*a-file/,
  );
});

test('ATTRIBENCH_HOME moves the default store', async () => {
  const script = `const { Store } = await import(${JSON.stringify(new URL('./store.ts', import.meta.url).href)});
    console.log((await Store.open()).folder);`;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--import', 'tsx', '--input-type=module', '--eval', script],
    { env: { ...process.env, ATTRIBENCH_HOME: join(folder, 'home') } },
  );
  expect(stdout.trim()).toBe(join(folder, 'home', 'store'));
});
