import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { sampleRecords } from '../leaderboard/sample.ts';
import { writeRecord } from '../results/records.ts';
import { runInformation } from '../results/run-information.ts';
import { attribench } from './testing.ts';

const folder = mkdtempSync(join(tmpdir(), 'attribench-leaderboard-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const machine = { cpu: 'a processor', cores: 2, memoryGiB: 4, platform: 'linux-x64' };
const command = (...more: string[]) => attribench(['leaderboard', '--results', folder, ...more]);
const page = () => readFileSync(join(folder, 'README.md'), 'utf8');

test('the page is made from the records, the same bytes each time', async () => {
  const records = sampleRecords();
  for (const { path, record } of records) {
    const run = runInformation(record.key, {}, { machine, versions: {}, git: null }, new Date(0));
    await writeRecord(folder, path, record, run);
  }
  expect(await command('--check')).toMatchObject({ code: 1, err: expect.stringContaining('README.md') });
  expect(await command()).toMatchObject({ code: 0, out: expect.stringContaining(`${records.length} records`) });
  const first = page();
  expect(first).toContain('# Leaderboard');
  expect(await command()).toMatchObject({ code: 0, out: expect.stringContaining('unchanged') });
  expect(page()).toBe(first);
  expect(await command('--check')).toMatchObject({ code: 0, err: '' });

  const { tables, claims } = JSON.parse((await command('--json')).out);
  expect(tables.length).toBeGreaterThan(0);
  expect(claims.every((claim: { status: string }) => claim.status === 'not run')).toBe(true);
});

test('records that git ignores stay out of the page', async () => {
  const [profile] = sampleRecords().map((stored) => stored.profile);
  execFileSync('git', ['init', '--quiet'], { cwd: folder });
  writeFileSync(join(folder, '.gitignore'), `${profile}/\n`);
  const { tables } = JSON.parse((await command('--json')).out);
  expect(tables).toEqual([]);
});

test('a record that is not as the schema says is one sentence', async () => {
  const [stored] = sampleRecords();
  writeFileSync(join(folder, `${stored?.path}.json`), '{"schema": 1}');
  expect(await command()).toMatchObject({ code: 2, err: expect.stringMatching(/^\[attribench\] [^\n]*\.json[^\n]*$/) });
});
