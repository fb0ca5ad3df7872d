import { expect, test } from 'vitest';
import type { RecordIdentity } from '../contracts.ts';
import { STEP_REVISIONS } from '../steps/step.ts';
import { type Catalogue, staleness } from './catalogue.ts';

const PARTS = ['check', 'dataset', 'model', 'training', 'method'] as const;

/** Every part of the cell is called `x` and is at revision 2 here. */
const catalogue: Catalogue = {
  plugins: new Map(
    PARTS.map((part) => [`${part} x`, { title: 'X', revision: 2, parameters: {}, columns: null, curves: null }]),
  ),
  orders: new Map(),
};
const at = (revision: number) => ({ id: 'x', revision, parameters: {} });
const cell = (changed: Partial<RecordIdentity> = {}) => ({
  check: at(2),
  dataset: at(2),
  model: at(2),
  training: at(2),
  method: at(2),
  revisions: { 'dataset x': 2, 'step training': STEP_REVISIONS.training },
  ...changed,
});

test('a record of the revisions that are here is not stale, with or without a method', () => {
  expect(staleness(catalogue, cell())).toBeNull();
  expect(staleness(catalogue, cell({ method: null }))).toBeNull();
});

test.each(PARTS.flatMap((part) => [1, 3].map((revision) => [part, revision] as const)))(
  'a record whose %s is at revision %i is stale',
  (part, revision) => {
    const why = `${part} "x" is at revision 2, the record at ${revision}`;
    expect(staleness(catalogue, cell({ [part]: at(revision) }))).toBe(why);
  },
);

test('a record that rests on another revision of a source, of an auxiliary model or of a step is stale', () => {
  const training = STEP_REVISIONS.training;
  expect(staleness(catalogue, cell({ revisions: { 'dataset x': 1, 'step training': training + 1 } }))).toBe(
    `dataset "x" is at revision 2, the record at 1; step "training" is at revision ${training}, the record at ${training + 1}`,
  );
  expect(staleness(catalogue, cell({ revisions: { 'model gone': 1, 'step gone': 1 } }))).toBe(
    'model "gone" is not known here; step "gone" is not known here',
  );
});

test('every reason is named', () => {
  const old = cell({ model: at(1), method: { ...at(2), id: 'gone' } });
  expect(staleness(catalogue, old)).toBe(
    'model "x" is at revision 2, the record at 1; method "gone" is not known here',
  );
});
