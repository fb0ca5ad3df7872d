/**
 * A run told line by line: each computed data set and training, each cell that was not known before,
 * and whatever failed. On a terminal one more line shows what is being computed now.
 */
import type { CellRecord, Step } from './contracts.ts';
import type { PlannedCell, RunEvents, RunPlan } from './runner.ts';

export interface ProgressOutput {
  line(text: string): void;
  /** Replaces the last status; '' clears it. */
  status(text: string): void;
}

/** Events that write a run's progress. */
export function progressOf(plan: RunPlan, { line, status }: ProgressOutput): Required<RunEvents> {
  const computed = new Set<string>();
  const running = new Map<string, { readonly label: string; share: number; note: string }>();
  const told = new Set<string>();
  let settled = 0;
  let cells = 0;

  const showRunning = () => {
    const parts = [...running.values()].map(
      ({ label, share, note }) => `${label} ${Math.floor(share * 100)} %${note && ` (${note})`}`,
    );
    status(parts.length === 0 ? '' : `${settled} of ${plan.steps.length} steps, ${parts.join(' | ')}`);
  };
  const tell = (text: string) => {
    status('');
    line(text);
    showRunning();
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
          return;
        case 'computed':
          settled++;
          computed.add(step.key);
          running.delete(step.key);
          return isLong(step) ? tell(`${step.label}: ${(seconds ?? 0).toFixed(1)} s`) : showRunning();
        case 'failed':
          settled++;
          running.delete(step.key);
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

function isLong({ kind }: Step): boolean {
  return kind === 'dataset' || kind === 'training';
}

function outcome(record: CellRecord): string {
  if (record.status === 'completed') return record.verdict;
  return record.status === 'skipped' ? `skipped, ${record.reason}` : `FAILED in ${record.step}: ${record.error}`;
}
