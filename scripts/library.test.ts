import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { packageRoot } from '../harness/plugins.ts';
import * as own from '../harness/tfjs.js';
import { LIBRARY, libraryModule } from './library.ts';

test(`${LIBRARY} is what \`npm run library\` writes`, () => {
  expect(readFileSync(join(packageRoot, LIBRARY), 'utf8')).toBe(libraryModule());
});

test('it hands on all that the library exports, and no other copy of it', () => {
  const library = createRequire(import.meta.url)('@tensorflow/tfjs');
  expect(Object.keys(own).sort()).toEqual(Object.keys(library).sort());
  for (const [name, value] of Object.entries(own)) expect(value, name).toBe(library[name]);
});
