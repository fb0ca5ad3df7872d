/**
 * From a cell's finished evaluations to its record.
 */
import type { CellRecord, EvaluationOutput } from '../contracts.ts';
import { asError } from '../errors.ts';
import type { StepResult } from '../steps/scheduler.ts';
import type { Store } from '../steps/store.ts';
import { type PlannedCell, type RunPlan, reachable } from './plan.ts';

/** The record of a cell whose evaluations are settled, and the seconds that its steps took, by kind. */
export async function judgeCell(
  planned: PlannedCell,
  settled: ReadonlyMap<string, StepResult>,
  store: Store,
  plan: RunPlan,
): Promise<{ record: CellRecord; seconds: { readonly [kind: string]: number } }> {
  const { identity, key, role, check } = planned;
  const base = { schema: 1, key, identity, role } as const;
  const seconds = await secondsByKind(planned, store, plan);
  if (planned.skipped !== null) {
    return { record: { ...base, status: 'skipped', reason: planned.skipped }, seconds };
  }
  const failed = (step: string, error: string) => ({
    record: { ...base, status: 'failed', step, error } as const,
    seconds,
  });
  const outputs: EvaluationOutput[] = [];
  for (const step of planned.evaluations) {
    const result = settled.get(step.key);
    if (result?.status === 'failed') return failed(result.step, result.error);
    const head = await store.readHead(step);
    if (head === undefined) return failed(step.label, 'its output is not in the store');
    outputs.push(head.outcome.status === 'completed' ? { ...head.outcome, value: head.metadata } : head.outcome);
  }
  const skipped = outputs.find((output) => output.status === 'skipped');
  if (skipped !== undefined) return { record: { ...base, status: 'skipped', reason: skipped.reason }, seconds };
  try {
    const judgement = check.judge(outputs, planned.cell);
    const excluded = outputs.flatMap((output, i) =>
      output.status === 'excluded' ? [{ training: planned.trainings[i] ?? i, reason: output.reason }] : [],
    );
    const { measures, verdict, notes } = judgement;
    const record = {
      ...base,
      status: 'completed',
      criterion: check.criterion,
      verdict,
      measures,
      excluded,
      notes,
    } as const;
    return { record, seconds };
  } catch (thrown) {
    return failed(`judging ${check.id}`, asError(thrown).message);
  }
}

async function secondsByKind(planned: PlannedCell, store: Store, plan: RunPlan): Promise<{ [kind: string]: number }> {
  const byKey = new Map(plan.steps.map((step) => [step.key, step]));
  const seconds: { [kind: string]: number } = {};
  for (const step of reachable(planned.evaluations, byKey)) {
    const head = await store.readHead(step);
    seconds[step.kind] = (seconds[step.kind] ?? 0) + (head?.seconds ?? 0);
  }
  return seconds;
}
