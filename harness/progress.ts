/**
 * A run told line by line: each computed data set and training, each cell that was not known before,
 * and whatever failed. Of many steps a line now and then says how far the run is and about how long it still
 * takes. On a terminal one more line shows what is being computed now.
 */
import { availableParallelism } from 'node:os';
import { duration } from './cli/table.ts';
import type { CellRecord, Step, StepKind } from './contracts.ts';
import { missingSteps, type PlannedCell, type RunEvents, type RunPlan } from './runner.ts';

export interface ProgressOutput {
  line(text: string): void;
  /** Replaces the last status; '' clears it. */
  status(text: string): void;
}

/** From so many steps on, a line every twentieth of them. */
const MANY = 100;

/** Events that write a run's progress; `workers` as the run has, by default one a core. */
export function progressOf(
  plan: RunPlan,
  { line, status }: ProgressOutput,
  workers: number = availableParallelism(),
): Required<RunEvents> {
  const remaining = new Remaining(plan, workers);
  const computed = new Set<string>();
  const running = new Map<string, { readonly label: string; share: number; note: string }>();
  const told = new Set<string>();
  let settled = 0;
  let cells = 0;
  let left = '';

  const showRunning = () => {
    const parts = [...running.values()].map(
      ({ label, share, note }) => `${label} ${Math.floor(share * 100)} %${note && ` (${note})`}`,
    );
    status(parts.length === 0 ? '' : `${settled} of ${plan.steps.length} steps${left}, ${parts.join(' | ')}`);
  };
  const tell = (text: string) => {
    status('');
    line(text);
    showRunning();
  };

  /** Now and then, since it looks at every step of the plan. */
  const renewEstimate = () => {
    const every = Math.ceil(plan.steps.length / 20);
    if (settled % every !== 0) return;
    const seconds = remaining.seconds();
    left = seconds === null ? '' : `, about ${duration(seconds)} left`;
    if (plan.steps.length >= MANY && left !== '') tell(`${settled} of ${plan.steps.length} steps${left}`);
  };

  // What rests on a failed step fails with the same words: its cell's line says so once more, and that is enough.
  const tellFailure = (step: Step, error: string) => {
    if (told.has(error)) return showRunning();
    told.add(error);
    tell(`FAILED ${step.label}: ${error}`);
  };

  return {
    step({ step, state, share, note, seconds, error }) {
      switch (state) {
        case 'started':
          running.set(step.key, { label: step.label, share: 0, note: '' });
          return showRunning();
        case 'progress':
          running.set(step.key, { label: step.label, share: share ?? 0, note: note ?? '' });
          return showRunning();
        case 'retried':
          return tell(`again: ${step.label}: ${error ?? note ?? 'its worker died'}`);
        case 'stored':
          settled++;
          remaining.settle(step);
          return;
        case 'computed':
          settled++;
          computed.add(step.key);
          running.delete(step.key);
          remaining.settle(step, seconds ?? 0);
          renewEstimate();
          return isLong(step) ? tell(`${step.label}: ${(seconds ?? 0).toFixed(1)} s`) : showRunning();
        case 'failed':
          settled++;
          running.delete(step.key);
          remaining.settle(step);
          return tellFailure(step, error ?? 'no reason given');
      }
    },
    cell(record: CellRecord, planned: PlannedCell) {
      cells++;
      const isNew = planned.evaluations.some((step) => computed.has(step.key));
      if (isNew || record.status === 'failed')
        tell(`${cells} of ${plan.cells.length}: ${planned.path}: ${outcome(record)}`);
    },
  };
}

/** How long the rest takes: the plan's costs, each kind's corrected by what it took in this run so far. */
class Remaining {
  readonly #plan: RunPlan;
  readonly #workers: number;
  readonly #settled = new Set<string>();
  readonly #spent = new Map<StepKind, { planned: number; seconds: number }>();

  constructor(plan: RunPlan, workers: number) {
    this.#plan = plan;
    this.#workers = workers;
  }

  /** A step that is done; with the seconds that it took, where it was computed. */
  settle({ key, kind, cost }: Step, seconds?: number): void {
    this.#settled.add(key);
    if (seconds === undefined) return;
    const { planned, seconds: before } = this.#spent.get(kind) ?? { planned: 0, seconds: 0 };
    this.#spent.set(kind, { planned: planned + cost, seconds: before + seconds });
  }

  /** null before anything was computed, and when nothing is left. */
  seconds(): number | null {
    const missing = missingSteps(this.#plan, this.#settled);
    if (this.#spent.size === 0 || missing.length === 0) return null;
    const work = missing.reduce((sum, { kind, cost }) => {
      const { planned, seconds } = this.#spent.get(kind) ?? { planned: 1, seconds: 1 };
      return sum + (planned > 0 ? (cost * seconds) / planned : cost);
    }, 0);
    return work / this.#workers;
  }
}

function isLong({ kind }: Step): boolean {
  return kind === 'dataset' || kind === 'training';
}

function outcome(record: CellRecord): string {
  if (record.status === 'completed') return record.verdict;
  return record.status === 'skipped' ? `skipped, ${record.reason}` : `FAILED in ${record.step}: ${record.error}`;
}
