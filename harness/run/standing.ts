/**
 * Records that need no run: those of a results folder whose identity is that of a planned cell.
 *
 * The store makes a rerun on one machine cost nothing; records, which travel with a repository, make it cost nothing
 * anywhere. So one profile can be run in parts, on several machines or days.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CellRecord } from '../contracts.ts';
import { UsageError } from '../errors.ts';
import { type PlannedCell, type RunPlan, reachable } from './plan.ts';

/**
 * The completed and skipped records of planned cells that stand under a results folder, by cell; those of another
 * identity, an older revision or another engine among them, and failed ones do not. Errors: UsageError for a file that is no record.
 */
export async function standingRecords(plan: RunPlan, results: string): Promise<ReadonlyMap<PlannedCell, CellRecord>> {
  const standing = new Map<PlannedCell, CellRecord>();
  for (const planned of plan.cells) {
    const record = await recordAt(join(results, `${planned.path}.json`));
    if (record?.key === planned.key && record.status !== 'failed') standing.set(planned, record);
  }
  return standing;
}

/** The plan of the other cells, with the steps that they rest on. */
export function withoutCells(plan: RunPlan, done: { has(planned: PlannedCell): boolean }): RunPlan {
  const cells = plan.cells.filter((planned) => !done.has(planned));
  const byKey = new Map(plan.steps.map((step) => [step.key, step]));
  const needed = new Set(
    reachable(
      cells.flatMap(({ evaluations }) => evaluations),
      byKey,
    ),
  );
  return { ...plan, cells, steps: plan.steps.filter((step) => needed.has(step)) };
}

async function recordAt(file: string): Promise<CellRecord | undefined> {
  const text = await readFile(file, 'utf8').catch((thrown: NodeJS.ErrnoException) => {
    if (thrown.code === 'ENOENT' || thrown.code === 'ENOTDIR') return undefined;
    throw thrown;
  });
  if (text === undefined) return undefined;
  // The schema's library takes a while to load, and where nothing stands is not needed.
  const { parseRecord } = await import('../results/schema.ts');
  try {
    return parseRecord(JSON.parse(text), file);
  } catch (thrown) {
    if (thrown instanceof UsageError) throw thrown;
    throw new UsageError(`[attribench] ${file}: is not JSON, expected a record`, { cause: thrown });
  }
}
