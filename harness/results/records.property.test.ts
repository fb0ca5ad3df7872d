import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fc, test } from '@fast-check/vitest';
import { afterAll, expect } from 'vitest';
import { canonicalJson } from '../fingerprint.ts';
import * as arbitrary from './arbitraries.ts';
import { canonicalText, readRecords, variant, writeRecord } from './records.ts';
import { parseRecord } from './schema.ts';

const folders: string[] = [];
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true }))));

test.prop([arbitrary.record.chain((record) => fc.tuple(fc.constant(record), arbitrary.run(record.key)))], {
  numRuns: 60,
})('what is written is what is read', async ([record, run]) => {
  const folder = await mkdtemp(join(tmpdir(), 'attribench-property-'));
  folders.push(folder);
  await writeRecord(folder, 'profile/check/cell', record, run);
  expect(await readRecords(folder)).toEqual([{ path: 'profile/check/cell', profile: 'profile', record, run }]);
});

test.prop([arbitrary.record])('canonical text is JSON of the same value, and a fixed point', (record) => {
  const text = canonicalText(record);
  expect(parseRecord(JSON.parse(text), 'x')).toEqual(record);
  expect(canonicalText(JSON.parse(text))).toBe(text);
});

const sameType = fc.oneof(
  fc.tuple(fc.integer(), fc.integer()),
  fc.tuple(fc.double({ noNaN: true }), fc.double({ noNaN: true })).filter((pair) => pair.every(Number.isFinite)),
  fc.tuple(fc.string(), fc.string()),
  fc.tuple(fc.array(fc.integer({ min: 0, max: 3 })), fc.array(fc.integer({ min: 0, max: 3 }))),
  fc.tuple(fc.constantFrom('null', 'true', '1', 'a'), fc.constantFrom(null, true, 1, 'a')),
);

test.prop([sameType])('different parameters go to different files, equal ones to the same', ([a, b]) => {
  const isSame = canonicalJson(a) === canonicalJson(b);
  expect(variant({ value: a }, {}) === variant({ value: b }, {})).toBe(isSame);
});

test.prop([arbitrary.parameters])('a variant is a plain file name, and empty for the defaults', (parameters) => {
  expect(variant(parameters, parameters)).toBe('');
  expect(variant(parameters, {})).toMatch(/^[+=,.\w-]*$/);
});
