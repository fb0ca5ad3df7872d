/** `npm run wasm`: translates harness/random/normal-loop.wat anew. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../harness/plugins.ts';
import { normalLoop, TRANSLATION } from './normal-loop.ts';

writeFileSync(join(packageRoot, TRANSLATION), await normalLoop());
console.log(TRANSLATION);
