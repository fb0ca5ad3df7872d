/** What Vitest does with our bench files, seen from outside: filters, exit codes, number of calls, the table. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const packages = here('../../node_modules');

const folder = mkdtempSync(join(tmpdir(), 'attribench-bench-'));
const log = join(folder, 'log');
mkdirSync(join(folder, 'node_modules'));
symlinkSync(join(packages, 'vitest'), join(folder, 'node_modules', 'vitest'));
writeFileSync(join(folder, 'package.json'), '{"type": "module"}');
writeFileSync(
  join(folder, 'vitest.config.ts'),
  `export default { test: { benchmark: { reporters: process.env.REPORTER?.split(',') ?? ['default'] } } };\n`,
);
writeFileSync(
  join(folder, 'a.bench.ts'),
  `import { appendFileSync } from 'node:fs';
import { benchFile } from ${JSON.stringify(here('./bench-adapter.ts'))};

const note = (text: string) => appendFileSync(${JSON.stringify(log)}, text + '\\n');
const cell = (group: string, name: string) => ({
  name,
  async run() {
    note(group + ' ' + name + ' timed');
    await new Promise((resolve) => setTimeout(resolve, 110));
    if (name === 'broken' && process.env.BREAK) throw new Error('it broke');
  },
});
const groups = ['small', 'large'].map((name) => ({
  name,
  cells: ['gradient', 'broken', 'absent'].map((method) => cell(name, method)),
}));

benchFile({
  groups,
  async prepare(selected) {
    const chosen = groups.flatMap((group) => group.cells.map((each) => ({ group, each }))).filter(({ each }) => selected.has(each));
    note('prepare ' + chosen.map(({ group, each }) => group.name + ' ' + each.name).join(', '));
    return new Set([...selected].filter((each) => each.name !== 'absent'));
  },
  async finish(errors, show) {
    show('THE TABLE');
    if (errors.size > 0) throw new Error(errors.size + ' failed: ' + [...errors.values()].map((error) => error.message));
  },
});
`,
);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function bench(args: readonly string[], env: { readonly [name: string]: string } = {}) {
  writeFileSync(log, '');
  const vitest = join(packages, 'vitest', 'vitest.mjs');
  const { status, stdout, stderr } = spawnSync(process.execPath, [vitest, 'bench', '--run', ...args], {
    cwd: folder,
    encoding: 'utf8',
    env: { PATH: process.env.PATH, NO_COLOR: '1', ...env },
  });
  const notes = readFileSync(log, 'utf8').trim().split('\n');
  return { status, stdout, stderr, notes };
}

test('all is prepared once, each bench is timed alone, what is absent is not, the table is shown once', () => {
  const { status, stdout, notes } = bench([]);
  expect(status).toBe(0);
  const all = ['small', 'large'].flatMap((group) => ['gradient', 'broken', 'absent'].map((name) => `${group} ${name}`));
  expect(notes[0]).toBe(`prepare ${all.join(', ')}`);
  // One call for warming up, then three: 330 ms are past the fifth of a second.
  for (const name of ['small gradient', 'large broken']) {
    expect(notes.filter((line) => line === `${name} timed`)).toHaveLength(4);
  }
  expect(notes.filter((line) => line.includes('absent timed'))).toEqual([]);
  expect(stdout.match(/THE TABLE/g)).toHaveLength(1);
});

test("Vitest's name filter leaves what is prepared", () => {
  const { status, notes } = bench(['-t', 'large gradient']);
  expect(status).toBe(0);
  expect(notes).toEqual(['prepare large gradient', ...Array(4).fill('large gradient timed')]);
});

test('a bench that throws fails the run, is not called again, and leaves the others intact', () => {
  const { status, stdout, stderr, notes } = bench([], { BREAK: '1' });
  expect(status).toBe(1);
  expect(stderr).toContain('2 failed: it broke,it broke');
  expect(stdout).toContain('THE TABLE');
  expect(notes.filter((line) => line === 'small broken timed')).toHaveLength(1);
  expect(notes.filter((line) => line === 'large gradient timed')).toHaveLength(4);
});

test('our reporter prints the table last, once, and keeps the exit code', () => {
  const { status, stdout } = bench([], { BREAK: '1', REPORTER: here('./reporter.ts') });
  expect(status).toBe(1);
  expect(stdout.trimEnd().endsWith('THE TABLE')).toBe(true);
  expect(stdout.match(/THE TABLE/g)).toHaveLength(1);
  expect(stdout).toMatch(/gradient +[\d.]+/);
});
