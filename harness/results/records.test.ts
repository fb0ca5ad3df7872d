import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Cell, Parameters } from '../contracts.ts';
import { sampleIdentity, sampleMeasure, sampleRecord, sampleRun } from '../leaderboard/sample-record.ts';
import { canonicalText, readRecords, recordPath, variant, writeRecord, writeSchemas } from './records.ts';

const completed = sampleRecord(
  { method: 'random' },
  { measures: [sampleMeasure([0.5, 0.51, 0.49, 0.5, 0.5])], verdict: 'fail' },
);
const skipped = sampleRecord({ method: 'needy' }, { reason: 'no such thing' });

describe('on disk', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'attribench-records-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const write = ({ path, record, run }: typeof completed) =>
    writeRecord(folder, path, record, run ?? sampleRun(record.key));
  const text = (path: string) => readFile(join(folder, path), 'utf8');

  test('two files a cell, read back in order of path', async () => {
    await write(completed);
    await write(skipped);
    expect(await readRecords(folder)).toEqual([skipped, completed]);
    expect(await readdir(join(folder, 'small/leakage/blocks/mlp--standard'))).toEqual([
      'needy.json',
      'needy.run.json',
      'random.json',
      'random.run.json',
    ]);
  });

  test('the same record gives the same bytes, whatever the order of its fields; a renewed one replaces it', async () => {
    await write(completed);
    const first = await text(`${completed.path}.json`);
    const turned = Object.fromEntries(Object.entries(completed.record).reverse()) as typeof completed.record;
    await write({ ...completed, record: turned });
    expect(await text(`${completed.path}.json`)).toBe(first);
    expect(first.endsWith('}\n')).toBe(true);

    const renewed = sampleRecord({ method: 'random', revision: 2 }, { reason: 'renewed' });
    await write(renewed);
    expect(await readRecords(folder)).toEqual([renewed]);
  });

  test('a record that is made again unchanged keeps where and when it was first made', async () => {
    const first = sampleRun(completed.record.key);
    const later = { ...first, finished: '2031-05-06T07:08:09.000Z', seconds: {} };
    await writeRecord(folder, completed.path, completed.record, first);
    await writeRecord(folder, completed.path, completed.record, later);
    expect(await readRecords(folder)).toEqual([{ ...completed, run: first }]);
    // Without its run file there is nothing to keep.
    await rm(join(folder, `${completed.path}.run.json`));
    await writeRecord(folder, completed.path, completed.record, later);
    expect(await readRecords(folder)).toEqual([{ ...completed, run: later }]);
  });

  test('an absent folder has no records; other files are passed over', async () => {
    expect(await readRecords(join(folder, 'absent'))).toEqual([]);
    await write(completed);
    await writeSchemas(folder);
    await writeFile(join(folder, 'README.md'), '#');
    await writeFile(join(folder, 'package.json'), '{}');
    await writeFile(join(folder, `${completed.path}.json.123456`), 'half a reco');
    expect(await readRecords(folder)).toHaveLength(1);
  });

  test('a run file may be absent or belong to the record that this one replaced', async () => {
    await write(completed);
    await writeFile(join(folder, `${completed.path}.run.json`), canonicalText(sampleRun('0'.repeat(64))));
    expect(await readRecords(folder)).toEqual([{ ...completed, run: null }]);
    await rm(join(folder, `${completed.path}.run.json`));
    expect(await readRecords(folder)).toEqual([{ ...completed, run: null }]);
  });

  test('a broken file is an error that names it', async () => {
    await write(completed);
    const file = join(folder, `${completed.path}.json`);
    await writeFile(file, (await text(`${completed.path}.json`)).slice(0, 100));
    await expect(readRecords(folder)).rejects.toThrow(`[attribench] ${file}: is not JSON`);
    await writeFile(file, canonicalText({ ...completed.record, verdict: 'fine' }));
    await expect(readRecords(folder)).rejects.toThrow(`[attribench] ${file}: verdict is 'fine', expected "pass"`);
    await write(completed);
    const runFile = join(folder, `${completed.path}.run.json`);
    await writeFile(runFile, '{}');
    await expect(readRecords(folder)).rejects.toThrow(`[attribench] ${runFile}: schema is missing`);
  });

  test('what the schema refuses is not written', async () => {
    const run = sampleRun(completed.record.key);
    const broken = Object.assign({}, completed.record, { role: 'judge' });
    await expect(writeRecord(folder, completed.path, broken, run)).rejects.toThrow("role is 'judge'");
    await expect(writeRecord(folder, completed.path, completed.record, sampleRun('0'.repeat(64)))).rejects.toThrow(
      "expected the record's",
    );
    expect(await readdir(folder)).toEqual([]);
  });

  test('a results folder that cannot be is one sentence', async () => {
    const file = join(folder, 'a-file');
    await writeFile(file, '');
    const written = writeRecord(file, completed.path, completed.record, sampleRun(completed.record.key));
    await expect(written).rejects.toThrow(`[attribench] results: cannot write to the folder ${file} (ENOTDIR`);
  });

  test('a folder in the way is an error, not an empty answer', async () => {
    await mkdir(join(folder, `${completed.path}.json`), { recursive: true });
    await expect(write(completed)).rejects.toThrow();
  });
});

describe('paths', () => {
  const identity = sampleIdentity({ method: 'random' });
  const defaults: Record<string, Parameters> = { blocks: { digits: [0, 1] }, robust: { eps: 2 } };
  const path = (cell: Cell) => recordPath('quick', cell, (_, id) => defaults[id]);

  test('ids alone where every parameter is its default', () => {
    expect(path(identity)).toBe('quick/leakage/blocks/mlp--standard/random');
    expect(path({ ...identity, method: null })).toBe('quick/leakage/blocks/mlp--standard/model');
  });

  test('parameters that differ follow the id', () => {
    expect(path(sampleIdentity({ method: 'random', digits: [2, 4] }))).toBe(
      'quick/leakage/blocks+digits=2,4/mlp--standard/random',
    );
    const training = { id: 'robust', revision: 2, parameters: { eps: 0.5 } };
    expect(path({ ...identity, training })).toBe('quick/leakage/blocks/mlp--robust+eps=0.5/random');
  });

  test('an id from a package stays one folder', () => {
    const method = { id: '@them/kit/mine', revision: 1, parameters: {} };
    expect(path({ ...identity, method })).toBe('quick/leakage/blocks/mlp--standard/@them~kit~mine');
  });

  test('what does not read well in a file name becomes a hash', () => {
    for (const value of ['../..', 'a b', 'Ä', '', [], [[1]], { a: 1 }, 'true', '7', 'x'.repeat(80)]) {
      expect(variant({ value }, {}), JSON.stringify(value)).toMatch(/^\+[0-9a-f]{12}$/);
    }
    expect(variant({ 'a/b': 1 }, {})).toMatch(/^\+[0-9a-f]{12}$/);
  });
});

test('canonical text: sorted, short values on one line, long ones on several', () => {
  expect(canonicalText({ b: [1, { d: null, c: 'x' }], a: {} })).toBe(
    '{ "a": {}, "b": [1, { "c": "x", "d": null }] }\n',
  );
  const long = 'x'.repeat(60);
  expect(canonicalText({ b: 1, a: [long, long] })).toBe(
    `{\n  "a": [\n    "${long}",\n    "${long}"\n  ],\n  "b": 1\n}\n`,
  );
});
