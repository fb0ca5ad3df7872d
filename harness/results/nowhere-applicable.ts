/**
 * Methods and checks that a run skipped in every cell.
 *
 * One skipped cell is an answer: not applicable here, for this reason. A plugin that applied nowhere has
 * measured nothing, which must not pass for a run without failures.
 */
import type { CellRecord } from '../contracts.ts';

/** One sentence for each method and each check whose every record is skipped, with the first reason; in order of name. */
export function nowhereApplicable(records: readonly CellRecord[]): readonly string[] {
  const byPlugin = new Map<string, CellRecord[]>();
  for (const record of records) {
    const { check, method } = record.identity;
    const names = [`check "${check.id}"`, ...(method === null ? [] : [`method "${method.id}"`])];
    for (const name of names) byPlugin.set(name, [...(byPlugin.get(name) ?? []), record]);
  }
  return [...byPlugin]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([name, own]) => {
      const reasons = own.flatMap((record) => (record.status === 'skipped' ? [record.reason] : []));
      if (reasons.length < own.length) return [];
      const cells = own.length === 1 ? 'its only cell' : `all its ${own.length} cells`;
      return [`[attribench] ${name} was skipped in ${cells}: ${reasons[0]}`];
    });
}
