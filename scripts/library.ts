/** The module by which the harness imports TensorFlow.js, made of the names that the library exports. */
import { createRequire } from 'node:module';

/** The file, from the package's root. */
export const LIBRARY = 'harness/tfjs.js';

/** The module's text. */
export function libraryModule(): string {
  const names = Object.keys(createRequire(import.meta.url)('@tensorflow/tfjs'));
  return `// biome-ignore-all lint/suspicious/noShadowRestrictedNames: the names are the library's
/**
 * TensorFlow.js as a module, made by \`npm run library\`: harness/tfjs.d.ts tells its types.
 *
 * An import of the package itself makes Node.js look for the names of its exports in megabytes of JavaScript, which
 * takes longer than loading them.
 */
import { createRequire } from 'node:module';

const { sourceMapsEnabled } = process;
// Else Node.js reads the library's own maps, which are larger still.
if (sourceMapsEnabled) process.setSourceMapsEnabled(false);

export const {
${names.map((name) => `  ${name},\n`).join('')}} = createRequire(import.meta.url)('@tensorflow/tfjs');

if (sourceMapsEnabled) process.setSourceMapsEnabled(true);
`;
}
