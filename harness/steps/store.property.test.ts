import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { sha256 } from '../fingerprint.ts';
import { type Artifact, Store } from './store.ts';

const artifacts: fc.Arbitrary<Artifact> = fc.record({
  outcome: fc.oneof(
    fc.constant({ status: 'completed' } as const),
    fc.record({ status: fc.constant('excluded' as const), reason: fc.string() }),
  ),
  metadata: fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value))),
  parts: fc.dictionary(fc.string(), fc.uint8Array({ maxLength: 300 }), { noNullPrototype: true, maxKeys: 4 }),
});

async function inStore(use: (store: Store, damage: string[]) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'attribench-store-'));
  const damage: string[] = [];
  try {
    await use(await Store.open(folder, { shardBytes: 64, onDamage: (report) => damage.push(report) }), damage);
  } finally {
    await rm(folder, { recursive: true });
  }
}

test.prop([artifacts, fc.string()], { numRuns: 60 })('any artifact comes back as it was written', (artifact, name) =>
  inStore(async (store, damage) => {
    const step = { kind: 'training', key: sha256(name) } as const;
    await store.write(step, artifact, { seconds: 1 });
    expect(await store.read(step)).toEqual(artifact);
    expect(damage).toEqual([]);
  }),
);

test.prop([artifacts, fc.nat(), fc.nat(), fc.integer({ min: 1, max: 255 })], { numRuns: 60 })(
  'no altered byte in any file goes unnoticed',
  (artifact, file, at, change) =>
    inStore(async (store, damage) => {
      const step = { kind: 'training', key: sha256('step') } as const;
      await store.write(step, artifact, { seconds: 1 });
      const folder = join(store.folder, step.key.slice(0, 2));
      const names = (await readdir(folder)).sort();
      const path = join(folder, names[file % names.length] ?? '');
      const content = await readFile(path);
      const place = at % content.length;
      content[place] = (content[place] ?? 0) ^ change;
      await writeFile(path, content);
      expect(await store.read(step)).toBeUndefined();
      expect(damage).toHaveLength(1);
      expect(await readdir(folder)).toEqual([]);
    }),
);
