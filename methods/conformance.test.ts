/**
 * Every method of this folder against the one suite: files are listed, never registered.
 */
import { readdirSync } from 'node:fs';
import type { Method, Parameters } from 'attribench';
import { conformance } from 'attribench/vitest';
import { describe, expect, test } from 'vitest';

const files = readdirSync(import.meta.dirname).filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'));

/** The most samples, iterations and steps in this suite: what must hold for many must hold for few. */
const MOST: Parameters = { samples: 100, iterations: 8, steps: 50 };

describe.each(files)('%s', async (file) => {
  const { default: method }: { default: Method } = await import(new URL(file, import.meta.url).href);

  test('has the id of its file', () => expect(`${method.id}.ts`).toBe(file));
  const most = Object.entries(MOST).filter(([name, count]) => Number(method.parameters[name]) > Number(count));
  conformance(method, { parameters: Object.fromEntries(most) });
});
