/** The second net under the linter's import rules: imports point harness <- plugins <- benchmarks. */
import { readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { expect, test } from 'vitest';
import { packageRoot } from './plugins.ts';
import { sourceFiles } from './testing/source-files.ts';

const PLUGINS = ['methods', 'models', 'datasets', 'theory'];
const ROOMS = ['harness', ...PLUGINS, 'benchmarks'];

/** The rooms that a room's files may import from; `attribench` itself stands for the harness. */
function allowed(room: string): readonly string[] {
  if (room === 'harness') return ['harness'];
  // Theorems are about a data set: its distribution is written once, in the data sets' room.
  if (room === 'theory') return ['harness', 'datasets', 'theory'];
  return PLUGINS.includes(room) ? ['harness', room] : ROOMS;
}

/** What a file imports: specifiers of static, dynamic and re-exporting imports. */
function specifiers(text: string): string[] {
  return [...text.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*(['"])([^'"\n]+)\1/g)].map((match) => match[2] ?? '');
}

function roomOf(path: string): string {
  return path.split('/')[0] ?? '';
}

/** Imports of a file that point the wrong way. */
function wrongImports(path: string, text: string): string[] {
  return specifiers(text)
    .filter((specifier) => specifier.startsWith('.'))
    .map((specifier) => posix.normalize(posix.join(posix.dirname(path), specifier)))
    .filter((target) => ROOMS.includes(roomOf(target)) && !allowed(roomOf(path)).includes(roomOf(target)));
}

const files = sourceFiles()
  .filter((path) => ROOMS.includes(roomOf(path)) && path.endsWith('.ts'))
  .map((path) => ({ path, text: readFileSync(`${packageRoot}/${path}`, 'utf8') }));

test('imports point one way', () => {
  expect(files.length).toBeGreaterThan(50);
  // Tests may look at other rooms: the conformance suite runs over every plugin.
  const wrong = files
    .filter(({ path }) => !path.endsWith('.test.ts'))
    .flatMap(({ path, text }) => wrongImports(path, text).map((target) => `${path} -> ${target}`));
  expect(wrong).toEqual([]);
});

test('one file alone knows the bench API of Vitest', () => {
  const importing = /import\s*\{[^}]*\b(bench|BenchmarkReporter)\b[^}]*\}\s*from\s*'vitest(\/node)?'/;
  const knowing = files.filter(({ text }) => importing.test(text)).map(({ path }) => path);
  expect(knowing.sort()).toEqual(['harness/vitest/bench-adapter.ts', 'harness/vitest/reporter.ts']);
});

test('the net catches what it is for', () => {
  expect(wrongImports('harness/run/plan.ts', "import { a } from '../../methods/random.ts';")).toEqual([
    'methods/random.ts',
  ]);
  expect(wrongImports('methods/a.ts', "const b = await import('../benchmarks/profiles/quick.ts');")).toHaveLength(1);
  expect(wrongImports('methods/a.ts', "export * from '../datasets/mnist.ts';")).toHaveLength(1);
  expect(wrongImports('benchmarks/checks/a.ts', "import '../../methods/random.ts';")).toEqual([]);
  expect(wrongImports('methods/a.ts', "import { classLogit } from 'attribench';")).toEqual([]);
});
