/** Rules of the house that a reader would otherwise have to check by eye. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { packageRoot } from './plugins.ts';
import { sourceFiles } from './testing/source-files.ts';

const sources = sourceFiles()
  .filter((path) => /\.(ts|js|md|json)$/.test(path) && !/^(package-lock\.json|results\/)/.test(path))
  .map((path) => ({ path, text: readFileSync(`${packageRoot}/${path}`, 'utf8') }));

function offenders(pattern: RegExp, exempt: (path: string) => boolean = () => false): string[] {
  return sources
    .filter(({ path, text }) => !exempt(path) && pattern.test(withoutComments(path, text)))
    .map(({ path }) => path);
}

function withoutComments(path: string, text: string): string {
  return /\.[tj]s$/.test(path) ? text.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '') : text;
}

const isSelf = (path: string) => path === 'harness/house-rules.test.ts';

test('random numbers come from named streams alone', () => {
  expect(offenders(/\bMath\.random\s*\(|\btf\.(random|truncatedNormal|multinomial)\w*\(/, isSelf)).toEqual([]);
});

test('plugins read no clock', () => {
  const isPlugin = (path: string) => /^(methods|models|datasets|theory|benchmarks\/checks)\//.test(path);
  expect(offenders(/\bDate\b|\bperformance\.now\b|\bhrtime\b/, (path) => !isPlugin(path))).toEqual([]);
});

test('no test is skipped, singled out or left for later', () => {
  expect(offenders(/\b(it|test|describe|bench)\.(skip|only|todo|fails)\b/, isSelf)).toEqual([]);
});

test('no path of one machine stands in a file', () => {
  expect(offenders(/(^|[\s'"`(=])\/(home|root|Users|work)\/\w/m, isSelf)).toEqual([]);
});

test('no type is waved through', () => {
  expect(
    offenders(/@ts-(ignore|nocheck)|\bas any\b|:\s*any\b/, (path) => isSelf(path) || !path.endsWith('.ts')),
  ).toEqual([]);
});
