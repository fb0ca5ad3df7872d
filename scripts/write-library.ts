/** `npm run library`: writes harness/tfjs.js anew. */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { LIBRARY, libraryModule } from './library.ts';

// Nothing of the harness is imported: it would need what this writes.
writeFileSync(fileURLToPath(new URL(`../${LIBRARY}`, import.meta.url)), libraryModule());
console.log(LIBRARY);
