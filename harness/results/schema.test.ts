import { readFile } from 'node:fs/promises';
import { describe, expect, expectTypeOf, test } from 'vitest';
import type { z } from 'zod';
import type { CellRecord, RunInformation } from '../contracts.ts';
import { sampleMeasure, sampleRecord, sampleRun } from '../leaderboard/sample-record.ts';
import { canonicalText } from './records.ts';
import { identityKey, jsonSchemas, parseRecord, parseRun, type schemas } from './schema.ts';

const { record } = sampleRecord(
  { method: 'random' },
  { measures: [sampleMeasure([0.5, 0.51, 0.49, 0.5, 0.5])], verdict: 'fail' },
);

/** A deep copy with one place changed; the path is as in the messages. */
function altered(path: readonly (string | number)[], value: unknown, original: unknown = record): unknown {
  const copy: unknown = structuredClone(original);
  const last = path.at(-1) ?? '';
  let place = copy as Record<string | number, unknown>;
  for (const part of path.slice(0, -1)) place = place[part] as Record<string | number, unknown>;
  if (value === undefined) delete place[last];
  else place[last] = value;
  return copy;
}

describe('types', () => {
  test('the schemas and the contracts are the same types', () => {
    expectTypeOf<z.infer<typeof schemas.record>>().toExtend<CellRecord>();
    expectTypeOf<CellRecord>().toExtend<z.infer<typeof schemas.record>>();
    expectTypeOf<z.infer<typeof schemas.run>>().toExtend<RunInformation>();
    expectTypeOf<RunInformation>().toExtend<z.infer<typeof schemas.run>>();
  });
});

describe('one sentence names file, field, value and expectation', () => {
  const cases: readonly [name: string, value: unknown, message: string][] = [
    ['NaN', altered(['measures', 0, 'estimate'], Number.NaN), 'measures[0].estimate is NaN, expected a finite number'],
    [
      'infinity',
      altered(['measures', 0, 'chance'], Infinity),
      'measures[0].chance is Infinity, expected a finite number',
    ],
    ['another schema version', altered(['schema'], 2), 'schema is 2, expected 1'],
    [
      'a revision of 0',
      altered(['identity', 'check', 'revision'], 0),
      'identity.check.revision is 0, expected at least 1',
    ],
    [
      'half a revision',
      altered(['identity', 'check', 'revision'], 1.5),
      'identity.check.revision is 1.5, expected an integer',
    ],
    [
      'an unknown field',
      altered(['surprise'], 1),
      'the file has the unknown field "surprise", expected no others than the schema\'s',
    ],
    ['an unknown field inside', altered(['measures', 0, 'colour'], 1), 'measures[0] has the unknown field "colour"'],
    [
      'an unknown verdict',
      altered(['verdict'], 'good'),
      'verdict is \'good\', expected "pass" or "fail" or "undecided"',
    ],
    [
      'an unknown status',
      altered(['status'], 'done'),
      'status is missing or wrong, expected "completed" or "skipped" or "failed"',
    ],
    ['a missing field', altered(['criterion'], undefined), 'criterion is missing or wrong, expected string'],
    ['an empty reason', altered(['notes'], ['']), "notes[0] is '', expected some text"],
    ['a bad key', altered(['key'], 'abc'), "key is 'abc', expected a SHA-256 in 64 hexadecimal digits"],
    [
      'a parameter that JSON cannot hold',
      altered(['identity', 'model', 'parameters'], { width: NaN }),
      'identity.model.parameters.width is NaN, expected a JSON value',
    ],
    ['no object', null, 'the file is null, expected object'],
    ["another cell's key", altered(['identity', 'seed'], 8), `key is "${record.key}", expected the identity's SHA-256`],
    [
      'no primary measure',
      altered(['measures', 0, 'primary'], false),
      'measures has 0 primary ones, expected exactly one',
    ],
    ['no measure', altered(['measures'], []), 'measures is [], expected at least 1'],
    [
      'a turned interval',
      altered(['measures', 0, 'interval'], [1, 0]),
      'measures[0].interval is [1, 0], expected the lower end first',
    ],
    [
      'an interval of three',
      altered(['measures', 0, 'interval'], [0, 1, 2]),
      'measures[0].interval is [ 0, 1, 2 ], expected',
    ],
    [
      'an interval around nothing',
      altered(['measures', 0, 'estimate'], null),
      'measures[0].interval is given without an estimate',
    ],
    [
      'an estimate from nothing',
      altered(['measures', 0, 'replicates'], []),
      'measures[0].estimate is 0.5 without a valid replicate',
    ],
  ];
  test.each(cases)('%s', (_, value, message) => {
    expect(() => parseRecord(value, 'results/x.json')).toThrow(`[attribench] results/x.json: ${message}`);
  });

  test('a measure given twice', () => {
    const measures = [sampleMeasure([1, 2, 3]), sampleMeasure([1, 2, 3], { primary: false })];
    expect(() => parseRecord({ ...record, measures }, 'x')).toThrow(
      'measures[1].id is "null-share" for the second time',
    );
  });

  test('several mistakes: the first, and how many more', () => {
    const value = altered(['verdict'], 'good', altered(['schema'], 2));
    expect(() => parseRecord(value, 'x')).toThrow('schema is 2, expected 1 (and 1 more)');
  });

  test('a run file', () => {
    const run = sampleRun(record.key);
    expect(parseRun(run, 'x')).toEqual(run);
    expect(() => parseRun(altered(['finished'], 'yesterday', run), 'x')).toThrow(
      "[attribench] x: finished is 'yesterday', expected",
    );
    expect(() => parseRun(altered(['seconds'], { training: -1 }, run), 'x')).toThrow(
      'seconds.training is -1, expected at least 0',
    );
  });
});

test('the key is the SHA-256 of the identity, whatever the order of its fields', () => {
  const { identity } = record;
  const turned = Object.fromEntries(Object.entries(identity).reverse()) as typeof identity;
  expect(identityKey(turned)).toBe(identityKey(identity));
  expect(identityKey({ ...identity, seed: identity.seed + 1 })).not.toBe(identityKey(identity));
});

test.each(Object.entries(jsonSchemas()))('results/schema/%s is what the schema says', async (name, schema) => {
  const file = new URL(`../../results/schema/${name}`, import.meta.url);
  expect(await readFile(file, 'utf8')).toBe(canonicalText(schema));
  expect(schema).toMatchObject({ $schema: 'https://json-schema.org/draft/2020-12/schema' });
  expect(JSON.stringify(schema)).not.toContain('readOnly');
});
