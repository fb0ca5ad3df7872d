/**
 * From a cell's finished evaluations to its record.
 */
import type { CellRecord, EvaluationOutput, Step } from '../contracts.ts';
import { asError } from '../errors.ts';
import type { StepResult } from '../steps/scheduler.ts';
import type { Store } from '../steps/store.ts';
import { type PlannedCell, type RunPlan, reachable } from './plan.ts';

/** The record of a cell whose evaluations are settled. */
export async function judgeCell(
  planned: PlannedCell,
  settled: ReadonlyMap<string, StepResult>,
  store: Store,
): Promise<CellRecord> {
  const { identity, key, role, check } = planned;
  const base = { schema: 1, key, identity, role } as const;
  if (planned.skipped !== null) {
    return { ...base, status: 'skipped', reason: planned.skipped };
  }
  const failed = (step: string, error: string) => ({ ...base, status: 'failed', step, error }) as const;
  const outputs: EvaluationOutput[] = [];
  for (const step of planned.evaluations) {
    const result = settled.get(step.key);
    if (result?.status === 'failed') return failed(result.step, result.error);
    const head = await store.readHead(step);
    if (head === undefined) return failed(step.label, 'its output is not in the store');
    outputs.push(head.outcome.status === 'completed' ? { ...head.outcome, value: head.metadata } : head.outcome);
  }
  const skipped = outputs.find((output) => output.status === 'skipped');
  if (skipped !== undefined) return { ...base, status: 'skipped', reason: skipped.reason };
  try {
    const judgement = check.judge(outputs, planned.cell);
    const excluded = outputs.flatMap((output, i) =>
      output.status === 'excluded' ? [{ training: planned.trainings[i] ?? i, reason: output.reason }] : [],
    );
    return { ...base, status: 'completed', criterion: check.criterion, excluded, ...judgement };
  } catch (thrown) {
    return failed(`judging ${check.id}`, asError(thrown).message);
  }
}

/** Seconds by step kind that cells took to compute; each step's time is read once a run. */
export class SpentTime {
  readonly #store: Store;
  readonly #byKey: ReadonlyMap<string, Step>;
  readonly #seconds = new Map<string, number>();

  constructor(plan: RunPlan, store: Store) {
    this.#store = store;
    this.#byKey = new Map(plan.steps.map((step) => [step.key, step]));
  }

  async of(planned: PlannedCell): Promise<{ readonly [kind: string]: number }> {
    const byKind: { [kind: string]: number } = {};
    for (const step of reachable(planned.evaluations, this.#byKey)) {
      byKind[step.kind] = (byKind[step.kind] ?? 0) + (await this.#spent(step));
    }
    return byKind;
  }

  async #spent(step: Step): Promise<number> {
    const known = this.#seconds.get(step.key);
    if (known !== undefined) return known;
    const seconds = (await this.#store.readHead(step))?.seconds ?? 0;
    this.#seconds.set(step.key, seconds);
    return seconds;
  }
}
