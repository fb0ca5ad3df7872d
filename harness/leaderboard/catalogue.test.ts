import { expect, test } from 'vitest';
import type { Cell } from '../contracts.ts';
import { type Catalogue, staleness } from './catalogue.ts';

const PARTS = ['check', 'dataset', 'model', 'training', 'method'] as const;

/** Every part of the cell is called `x` and is at revision 2 here. */
const catalogue: Catalogue = {
  plugins: new Map(PARTS.map((part) => [`${part} x`, { title: 'X', revision: 2, parameters: {}, columns: null }])),
  orders: new Map(),
};
const at = (revision: number) => ({ id: 'x', revision, parameters: {} });
const cell = (changed: Partial<Cell> = {}): Cell => ({
  check: at(2),
  dataset: at(2),
  model: at(2),
  training: at(2),
  method: at(2),
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

test('every reason is named', () => {
  const old = cell({ model: at(1), method: { ...at(2), id: 'gone' } });
  expect(staleness(catalogue, old)).toBe(
    'model "x" is at revision 2, the record at 1; method "gone" is not known here',
  );
});
