/** Arbitrary records for property tests. */
import fc from 'fast-check';
import type { CellRecord, Json, Measure, RecordIdentity, RunInformation } from '../contracts.ts';
import { identityKey } from './schema.ts';

const id = fc.stringMatching(/^[a-z0-9]{1,6}(-[a-z0-9]{1,4})?$/);
const sentence = fc.string({ minLength: 1, maxLength: 40 });
/** Finite and not -0, which JSON cannot tell from 0. */
const number = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0);
const json: fc.Arbitrary<Json> = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 2, withCrossShrink: true },
    fc.constant(null),
    fc.boolean(),
    number,
    fc.string({ maxLength: 12 }),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(id, tie('value'), { maxKeys: 3 }),
  ),
})).value;
/** Parameters as plugins have them. */
export const parameters = fc.dictionary(id, json, { maxKeys: 3 });

const plugin = fc.record({ id, revision: fc.integer({ min: 1, max: 99 }), parameters });

export const identity: fc.Arbitrary<RecordIdentity> = fc.record({
  check: plugin,
  dataset: plugin,
  model: plugin,
  training: plugin,
  method: fc.option(plugin),
  revisions: fc.dictionary(id, fc.integer({ min: 1, max: 99 }), { maxKeys: 3 }),
  engine: fc.record({ name: id, version: id }),
  seed: fc.integer(),
  trainings: fc.integer({ min: 1, max: 9 }),
});

const measure = (name: string, primary: boolean): fc.Arbitrary<Measure> =>
  fc
    .record({
      unit: fc.constantFrom('share', 'accuracy', 'ratio', 'correlation', 'count', 'logit'),
      better: fc.constantFrom('lower', 'higher', 'none'),
      chance: fc.option(number),
      ideal: fc.option(number),
      ends: fc.option(fc.tuple(number, number)),
      intervalMethod: fc.string(),
      values: fc.array(fc.option(number), { minLength: 1, maxLength: 5 }),
      images: fc.nat(),
    })
    .map(({ ends, values, images, ...facts }) => {
      const estimate = values.find((value) => value !== null) ?? null;
      const interval =
        ends === null || estimate === null ? null : ([...ends].sort((a, b) => a - b) as [number, number]);
      const n = { models: values.length, retrainings: 0, images };
      const replicates = values.map((value, training) => ({ training, retraining: null, value }));
      return { id: name, primary, estimate, interval, n, replicates, ...facts };
    });

/** Records of every status that the schema accepts. */
export const record: fc.Arbitrary<CellRecord> = fc
  .record({ identity, role: fc.constantFrom('method', 'control', 'oracle', null) })
  .chain(({ identity, role }) => {
    const base = { schema: 1 as const, key: identityKey(identity), identity, role };
    return fc.oneof(
      fc.record({
        ...constants(base),
        status: fc.constant('completed' as const),
        criterion: sentence,
        verdict: fc.constantFrom('pass', 'fail', 'undecided'),
        measures: fc.tuple(measure('first', true), measure('second', false)),
        excluded: fc.array(fc.record({ training: fc.nat(9), reason: sentence }), { maxLength: 2 }),
        notes: fc.array(sentence, { maxLength: 2 }),
      }),
      fc.record({ ...constants(base), status: fc.constant('skipped' as const), reason: sentence }),
      fc.record({ ...constants(base), status: fc.constant('failed' as const), step: sentence, error: sentence }),
    );
  });

/** The run information of a record with this key. */
export const run = (key: string): fc.Arbitrary<RunInformation> =>
  fc.record({
    schema: fc.constant(1 as const),
    key: fc.constant(key),
    finished: fc
      .date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true })
      .map((at) => at.toISOString()),
    machine: fc.record({
      cpu: fc.string(),
      cores: fc.integer({ min: 1, max: 256 }),
      memoryGiB: fc.double({ min: 0, max: 1e6, noNaN: true }).map((value) => value + 0),
      platform: id,
    }),
    versions: fc.dictionary(id, id),
    git: fc.option(fc.stringMatching(/^[0-9a-f]{40}$/)),
    seconds: fc.dictionary(
      id,
      fc.double({ min: 0, max: 1e6, noNaN: true }).map((value) => value + 0),
    ),
  });

function constants<T extends object>(values: T): { [K in keyof T]: fc.Arbitrary<T[K]> } {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, fc.constant(value)])) as {
    [K in keyof T]: fc.Arbitrary<T[K]>;
  };
}
