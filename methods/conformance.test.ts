/**
 * Every method of this folder against the one suite: files are listed, never registered.
 */
import { readdirSync } from 'node:fs';
import type { Method } from 'attribench';
import { conformance } from 'attribench/vitest';
import { describe, expect, test } from 'vitest';

const files = readdirSync(import.meta.dirname).filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'));

describe.each(files)('%s', async (file) => {
  const { default: method }: { default: Method } = await import(new URL(file, import.meta.url).href);

  test('has the id of its file', () => expect(`${method.id}.ts`).toBe(file));
  conformance(method);
});
