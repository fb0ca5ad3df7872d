/** `npm run docs`: writes the pages of docs/methods anew. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { packageRoot } from '../harness/plugins.ts';
import { pages } from './pages.ts';

for (const [path, text] of await pages()) {
  mkdirSync(dirname(join(packageRoot, path)), { recursive: true });
  writeFileSync(join(packageRoot, path), text);
  console.log(path);
}
