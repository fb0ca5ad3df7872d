import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { lastLine, measuredBy } from './child.ts';

const folder = mkdtempSync(join(tmpdir(), 'attribench-child-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('the last line alone is the result', () => {
  expect(lastLine('a library greets\n{"ms":3}\n')).toEqual({ ms: 3 });
  expect(() => lastLine('{"ms":3}\nkilled')).toThrow('a measurement ended with "killed", expected JSON');
});

test('a program gets its arguments, one thread, and rejects where it fails', async () => {
  const program = join(folder, 'program.ts');
  writeFileSync(
    program,
    'const [a] = process.argv.slice(2); if (a === "no") throw new Error("refused");\n' +
      'console.log("noise"); console.log(JSON.stringify([a, process.env.OMP_NUM_THREADS, typeof globalThis.gc]));',
  );
  expect(await measuredBy(program, ['yes'])).toEqual(['yes', '1', 'undefined']);
  expect(await measuredBy(program, ['yes'], { node: ['--expose-gc'] })).toEqual(['yes', '1', 'function']);
  await expect(measuredBy(program, ['no'])).rejects.toThrow('refused');
});
