/** `attribench run` as a user has it: a process of its own, interrupted, resumed, run again, narrowed to a failing method. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';

const bin = fileURLToPath(new URL('../../bin/attribench.js', import.meta.url));
const harness = new URL('../index.ts', import.meta.url).href;

const folder = mkdtempSync(join(tmpdir(), 'attribench-run-'));
writeFileSync(join(folder, 'package.json'), '{"type": "module"}');
writeFileSync(join(folder, 'attribench.config.ts'), `export default { plugins: ['./tiny.ts', './breaks.ts'] };\n`);
writeFileSync(
  join(folder, 'tiny.ts'),
  `import { defineProfile } from ${JSON.stringify(harness)};
export default defineProfile({
  id: 'tiny', title: 'Tiny', cite: 'a test', revision: 1, seed: 0, trainings: 2,
  suites: [{
    dataset: { id: 'blockmnist' },
    models: [{ id: 'mlp-256' }],
    trainings: [{ id: 'standard', parameters: { epochs: 2 } }],
    checks: [{ id: 'null-block-leakage', methods: ['random', 'input-gradient', 'breaks'] }],
  }],
});
`,
);
writeFileSync(
  join(folder, 'breaks.ts'),
  `import { defineMethod } from ${JSON.stringify(harness)};
export default defineMethod({
  id: 'breaks', title: 'Breaks', cite: 'a test', revision: 1, needs: ['logits'], rank: 'value',
  attribute: () => { throw new Error('as it was made to'); },
});
`,
);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

function start(
  args: readonly string[],
  home = 'home',
): {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  readonly err: () => string;
} {
  const child = spawn(process.execPath, [bin, 'run', '--profile', 'tiny', '--engine', 'wasm', ...args], {
    cwd: folder,
    env: { PATH: process.env.PATH, ATTRIBENCH_HOME: join(folder, home) },
  });
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  const ended = new Promise<Ended>((resolve) => child.once('close', (code) => resolve({ code, out, err })));
  return { child, ended, err: () => err };
}

const record = (method: string) =>
  join(folder, 'results/tiny/null-block-leakage/blockmnist', 'mlp-256--standard+epochs=2', `${method}.json`);
const METHODS = ['--method', 'random,input-gradient'];

test('Ctrl-C stops at once with 130, and the same command resumes', async () => {
  const { child, ended, err } = start(METHODS);
  while (!/^training .*: [\d.]+ s$/m.test(err())) {
    if (child.exitCode !== null) throw new Error(`ended too early: ${err()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const interrupted = performance.now();
  child.kill('SIGINT');
  const stopped = await ended;
  expect(stopped).toMatchObject({ code: 130, out: '' });
  expect(stopped.err).toMatch(/\[attribench\] interrupted[^\n]*\n$/);
  expect(stopped.err).not.toMatch(/^ {4}at /m);
  expect(performance.now() - interrupted).toBeLessThan(10_000);

  const resumed = await start(METHODS).ended;
  expect(resumed).toMatchObject({ code: 0, out: expect.stringMatching(/^input-gradient +\S/m) });
  const again = /^(training .*): [\d.]+ s$/gm;
  const before = [...stopped.err.matchAll(again)].map((match) => match[1]);
  expect([...resumed.err.matchAll(again)].map((match) => match[1])).not.toContain(before[0]);
});

test('a second run computes nothing and changes no record; --json prints the records', async () => {
  const before = readFileSync(record('random'), 'utf8');
  const { code, out, err } = await start([...METHODS, '--json']).ended;
  expect(code).toBe(0);
  expect(err).not.toMatch(/: [\d.]+ s$/m);
  expect(JSON.parse(out)).toMatchObject([{ status: 'completed' }, { status: 'completed' }]);
  expect(readFileSync(record('random'), 'utf8')).toBe(before);
});

test('--missing takes records that stand: an empty store trains nothing, and the table has them all', async () => {
  const { code, out, err } = await start([...METHODS, '--missing'], 'empty-home').ended;
  expect(code).toBe(0);
  expect(err).toContain(`2 of 2 records stand in ${join(folder, 'results')}.`);
  expect(err).not.toMatch(/: [\d.]+ s$/m);
  for (const method of ['random', 'input-gradient']) expect(out).toMatch(new RegExp(`^${method} +\\S`, 'm'));
});

test('a method that throws is a failed record and exit code 1; the others stand', async () => {
  rmSync(record('random'));
  const { code, out, err } = await start([]).ended;
  expect(code).toBe(1);
  expect(err).toMatch(/FAILED .*breaks.*as it was made to/);
  expect(out).toMatch(/^random .*50\.\d/m);
  expect(out).toMatch(/^breaks +failed/m);
  expect(existsSync(record('random'))).toBe(true);
  expect(JSON.parse(readFileSync(record('breaks'), 'utf8'))).toMatchObject({
    status: 'failed',
    error: expect.stringContaining('as it was made to'),
  });
});
