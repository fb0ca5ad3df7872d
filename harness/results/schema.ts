/**
 * What a record's two files must look like: strict schemas that agree with contracts.ts.
 *
 * Structure is checked first and exported as JSON Schema; then what a schema cannot say: the key is
 * the identity's hash, one measure is primary, intervals are in order, estimates rest on replicates.
 */
import { inspect } from 'node:util';
import { z } from 'zod';
import type { CellRecord, Json, Measure, Parameters, RecordIdentity, RunInformation } from '../contracts.ts';
import { UsageError } from '../errors.ts';
import { fingerprint } from '../fingerprint.ts';

const json: z.ZodType<Json> = z.lazy(() =>
  z.union([z.null(), z.boolean(), z.number(), z.string(), z.array(json).readonly(), z.record(z.string(), json)]),
);
const parameters: z.ZodType<Parameters> = z.record(z.string(), json);

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'a SHA-256 in 64 hexadecimal digits');
const text = z.string().min(1);
const index = z.int().min(0);
const count = z.int().min(0);

const resolvedPlugin = z.strictObject({ id: text, revision: z.int().min(1), parameters });

const identity = z.strictObject({
  check: resolvedPlugin,
  dataset: resolvedPlugin,
  model: resolvedPlugin,
  training: resolvedPlugin,
  method: resolvedPlugin.nullable(),
  revisions: z.record(text, z.int().min(1)),
  engine: z.strictObject({ name: text, version: text }),
  seed: z.int(),
  trainings: z.int().min(1),
});

const measure = z.strictObject({
  id: text,
  unit: z.enum(['share', 'accuracy', 'ratio', 'correlation', 'count', 'logit']),
  better: z.enum(['lower', 'higher', 'none']),
  chance: z.number().nullable(),
  ideal: z.number().nullable(),
  primary: z.boolean(),
  estimate: z.number().nullable(),
  interval: z.tuple([z.number(), z.number()]).readonly().nullable(),
  intervalMethod: z.string(),
  n: z.strictObject({ models: count, retrainings: count, images: count }),
  replicates: z
    .array(z.strictObject({ training: index, retraining: index.nullable(), value: z.number().nullable() }))
    .readonly(),
});

const base = { schema: z.literal(1), key: sha256, identity };
const role = z.enum(['method', 'control', 'oracle']).nullable();

const record = z.discriminatedUnion('status', [
  z.strictObject({
    ...base,
    status: z.literal('completed'),
    role,
    criterion: text,
    verdict: z.enum(['pass', 'fail', 'undecided']),
    measures: z.array(measure).min(1).readonly(),
    excluded: z.array(z.strictObject({ training: index, reason: text })).readonly(),
    notes: z.array(text).readonly(),
  }),
  z.strictObject({ ...base, status: z.literal('skipped'), role, reason: text }),
  z.strictObject({ ...base, status: z.literal('failed'), role, step: text, error: text }),
]);

const run = z.strictObject({
  schema: z.literal(1),
  key: sha256,
  finished: z.iso.datetime(),
  machine: z.strictObject({
    cpu: z.string(),
    cores: z.int().min(1),
    memoryGiB: z.number().min(0),
    platform: text,
  }),
  versions: z.record(z.string(), z.string()),
  git: z.string().nullable(),
  seconds: z.record(z.string(), z.number().min(0)),
});

/** The zod schemas, for the test that holds them against contracts.ts. */
export const schemas = { record, run };

/** SHA-256 of a record's identity. */
export function identityKey(identity: RecordIdentity): string {
  return fingerprint(identity);
}

/** A value as a record. Errors: UsageError with `where`, the field, its value and what was expected. */
export function parseRecord(value: unknown, where: string): CellRecord {
  const parsed: CellRecord = parse(record, value, where);
  const problem = contradiction(parsed);
  if (problem !== undefined) throw new UsageError(`[attribench] ${where}: ${problem}`);
  return parsed;
}

/** A value as a run's information. Errors as for parseRecord. */
export function parseRun(value: unknown, where: string): RunInformation {
  return parse(run, value, where);
}

/** JSON Schema (2020-12) of the two files, by file name. */
export function jsonSchemas(): { readonly [file: string]: object } {
  const describe = (schema: z.ZodType, title: string) => ({
    title,
    ...z.toJSONSchema(schema, { override: ({ jsonSchema }) => void delete jsonSchema.readOnly }),
  });
  return {
    'record.schema.json': describe(record, 'attribench record: the result of one cell'),
    'run.schema.json': describe(run, 'attribench run information: where and when a record was made'),
  };
}

function parse<T>(schema: z.ZodType<T>, value: unknown, where: string): T {
  const result = schema.safeParse(value, { reportInput: true });
  if (result.success) return result.data;
  const [first, ...others] = result.error.issues;
  const more = others.length === 0 ? '' : ` (and ${others.length} more)`;
  throw new UsageError(`[attribench] ${where}: ${first === undefined ? 'is not valid' : sentence(first)}${more}`);
}

/** One issue as `field is value, expected what`. */
function sentence(issue: z.core.$ZodIssue): string {
  const field = fieldName(issue.path);
  if (issue.code === 'unrecognized_keys') {
    const keys = issue.keys.map((key) => JSON.stringify(key)).join(', ');
    return `${field} has the unknown field ${keys}, expected no others than the schema's`;
  }
  const given = issue.code === 'invalid_union' && issue.discriminator !== undefined ? undefined : issue.input;
  const is = given === undefined ? `${field} is missing or wrong` : `${field} is ${shown(given)}`;
  return `${is}, expected ${expectation(issue)}`;
}

function expectation(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return issue.expected === 'int' ? 'an integer' : `a finite ${issue.expected}`.replace(/^a finite (?!number)/, '');
    case 'invalid_value':
      return issue.values.map((value) => JSON.stringify(value)).join(' or ');
    case 'too_small':
      return issue.origin === 'string' ? 'some text' : `at least ${issue.minimum}`;
    case 'invalid_union':
      return issue.discriminator === undefined ? 'a JSON value' : '"completed" or "skipped" or "failed"';
    default:
      return issue.message;
  }
}

function fieldName(path: readonly PropertyKey[]): string {
  if (path.length === 0) return 'the file';
  return path
    .map((part, i) => (typeof part === 'number' ? `[${part}]` : i === 0 ? String(part) : `.${String(part)}`))
    .join('');
}

function shown(value: unknown): string {
  return inspect(value, { depth: 2, breakLength: Number.POSITIVE_INFINITY, maxArrayLength: 5, maxStringLength: 80 });
}

/** What is wrong with a well-formed record, or undefined. */
function contradiction(record: CellRecord): string | undefined {
  const expected = identityKey(record.identity);
  if (record.key !== expected) return `key is "${record.key}", expected the identity's SHA-256, "${expected}"`;
  if (record.status !== 'completed') return undefined;
  const { measures } = record;
  const primary = measures.filter((measure) => measure.primary).map(({ id }) => id);
  if (primary.length !== 1) return `measures has ${primary.length} primary ones, expected exactly one`;
  const seen = new Set<string>();
  for (const [i, measure] of measures.entries()) {
    if (seen.has(measure.id)) return `measures[${i}].id is "${measure.id}" for the second time, expected another id`;
    seen.add(measure.id);
    const problem = measureContradiction(measure);
    if (problem !== undefined) return `measures[${i}].${problem}`;
  }
  return undefined;
}

function measureContradiction({ estimate, interval, replicates }: Measure): string | undefined {
  if (interval !== null && interval[0] > interval[1]) {
    return `interval is [${interval.join(', ')}], expected the lower end first`;
  }
  if (interval !== null && estimate === null) return 'interval is given without an estimate, expected null';
  if (estimate !== null && replicates.every(({ value }) => value === null)) {
    return `estimate is ${estimate} without a valid replicate, expected null`;
  }
  return undefined;
}
