import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { describeEnvironment, runInformation } from './run-information.ts';
import { parseRun } from './schema.ts';

const engine = { name: 'wasm', version: '4.22.0' };
let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'attribench-run-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('the information of a run is what the schema asks for', async () => {
  const environment = await describeEnvironment(folder, engine, { attribench: '0.1.0' });
  const run = runInformation('a'.repeat(64), { training: 2.5 }, environment, new Date(0));
  expect(parseRun(run, 'run')).toEqual(run);
  expect(run.finished).toBe('1970-01-01T00:00:00.000Z');
  expect(run.versions).toEqual({ node: process.versions.node, 'engine wasm': '4.22.0', attribench: '0.1.0' });
  expect(run.git).toBeNull();
});

test('the commit, and whether files differ from it', async () => {
  const git = (...args: string[]) =>
    execFileSync('git', ['-C', folder, '-c', 'user.name=A', '-c', 'user.email=a@example.org', ...args], {
      encoding: 'utf8',
    }).trim();
  git('init', '--quiet');
  writeFileSync(join(folder, 'file'), '1');
  git('add', 'file');
  git('commit', '--quiet', '-m', 'first');
  const sha = git('rev-parse', 'HEAD');
  expect((await describeEnvironment(folder, engine)).git).toBe(sha);
  writeFileSync(join(folder, 'file'), '2');
  expect((await describeEnvironment(folder, engine)).git).toBe(`${sha}-dirty`);
});
