import { readdirSync, readFileSync } from 'node:fs';
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

test('the harness imports no value from the package itself, which would lex it after all', () => {
  const files = readdirSync(join(packageRoot, 'harness'), { recursive: true, encoding: 'utf8' });
  const direct = files
    .filter((file) => file.endsWith('.ts') && file !== 'tfjs.d.ts')
    .filter((file) => {
      const text = readFileSync(join(packageRoot, 'harness', file), 'utf8');
      return /^(import|export) (?!type )[^;]*from '@tensorflow\/tfjs'|import\('@tensorflow\/tfjs'\)/m.test(text);
    });
  expect(direct).toEqual([]);
});
