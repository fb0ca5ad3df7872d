/** The committed WebAssembly against its source. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { packageRoot } from '../harness/plugins.ts';
import { normalLoop, TRANSLATION } from './normal-loop.ts';

test('the loop is what its source says; `npm run wasm` translates it anew', async () => {
  expect(readFileSync(join(packageRoot, TRANSLATION), 'utf8')).toBe(await normalLoop());
});
