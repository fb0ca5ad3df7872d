import { expect, test } from 'vitest';
import type { CellRecord } from '../contracts.ts';
import { nowhereApplicable } from './nowhere-applicable.ts';

type Status = CellRecord['status'];
const record = (check: string, method: string | null, status: Status, reason = `no ${method ?? 'model'}`) =>
  ({ identity: { check: { id: check }, method: method === null ? null : { id: method } }, status, reason }) as never;

test('a method that was skipped somewhere has measured something elsewhere', () => {
  expect(nowhereApplicable([record('a', 'lrp', 'skipped'), record('a', 'lrp', 'completed')])).toEqual([]);
  expect(nowhereApplicable([record('a', 'lrp', 'skipped'), record('a', 'lrp', 'failed')])).toEqual([]);
  expect(nowhereApplicable([])).toEqual([]);
});

test('a method skipped in every cell of every check is named with its first reason', () => {
  const records = [
    record('a', 'random', 'completed'),
    record('a', 'lrp', 'skipped', 'no rule for node "x"'),
    record('b', 'lrp', 'skipped', 'later'),
    record('b', 'random', 'completed'),
  ];
  expect(nowhereApplicable(records)).toEqual([
    '[attribench] method "lrp" was skipped in all its 2 cells: no rule for node "x"',
  ]);
});

test('so is a check, also one of the model alone', () => {
  expect(
    nowhereApplicable([record('zeroing', null, 'skipped', 'no masks'), record('a', 'random', 'completed')]),
  ).toEqual(['[attribench] check "zeroing" was skipped in its only cell: no masks']);
});
