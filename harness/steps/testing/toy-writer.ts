/** A process that writes artifacts of 2 MB for ever, to be killed by tests: `toy-writer.ts <folder> <name>`. */
import { join } from 'node:path';
import { sha256 } from '../../fingerprint.ts';
import { Store } from '../store.ts';

const [folder = '', name] = process.argv.slice(2);
const store = await Store.open(join(folder, 'store'), { shardBytes: 400_000 });
const values = new Uint8Array(2_000_000);
for (let i = 0; ; i++) {
  values.forEach((_, at) => {
    values[at] = (at >> 16) + i;
  });
  const step = { kind: 'training', key: sha256(`${name} ${i}`) } as const;
  if (i === 1) console.log('writing');
  await store.write(step, { outcome: { status: 'completed' }, metadata: null, parts: { values } }, { seconds: 0 });
}
