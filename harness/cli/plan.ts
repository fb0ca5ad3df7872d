/** `attribench plan`: what a run would do, what is stored already, and about how long the rest takes. */
import { availableParallelism } from 'node:os';
import type { Command } from 'commander';
import type { Step, StepKind } from '../contracts.ts';
import type { RunPlan } from '../runner.ts';
import type { Io } from './io.ts';
import { positiveInteger, type SelectionOptions, selectionOf, withSelection } from './options.ts';
import { duration, json, table } from './table.ts';

const KINDS: readonly StepKind[] = ['dataset', 'training', 'attribution', 'retraining', 'evaluation'];

interface PlanOptions extends SelectionOptions {
  readonly workers?: number;
  readonly cells?: boolean;
  readonly json?: boolean;
}

export function addPlan(program: Command, io: Io): void {
  withSelection(program.command('plan'))
    .description('Show what `run` would do: cells, steps, what is stored, and the estimated time.')
    .option('--workers <n>', 'worker processes, for the estimate (default: one a core)', positiveInteger)
    .option('--cells', 'list every cell')
    .option('--json', 'print JSON')
    .action(async (options: PlanOptions) => {
      const { Registry } = await import('../plugins.ts');
      const { missingSteps, planRun } = await import('../runner.ts');
      const { Store } = await import('../steps/store.ts');
      const registry = await Registry.load({ from: io.cwd });
      const plan = await planRun(registry, selectionOf(options, io));
      const store = await Store.open();
      const stored = new Set<string>();
      for (const step of plan.steps) if (await store.has(step)) stored.add(step.key);
      const workers = options.workers ?? availableParallelism();
      const missing = missingSteps(plan, stored);
      const seconds = estimate(missing, workers);
      io.out(
        options.json
          ? json(asJson(plan, stored, missing, seconds))
          : render(plan, stored, missing, seconds, workers, options.cells),
      );
    });
}

/**
 * Rough seconds: the missing steps' work over the workers, but no less than the longest chain of them.
 */
export function estimate(missing: readonly Step[], workers: number): number {
  const until = new Map<string, number>();
  let work = 0;
  for (const { key, cost, inputs } of missing) {
    work += cost;
    const before = Object.values(inputs).map((input) => until.get(input.key) ?? 0);
    until.set(key, Math.max(0, ...before) + cost);
  }
  return Math.max(work / workers, ...until.values());
}

function render(
  plan: RunPlan,
  stored: ReadonlySet<string>,
  missing: readonly Step[],
  seconds: number,
  workers: number,
  cells = false,
): string {
  const rows = KINDS.map((kind) => {
    const steps = plan.steps.filter((step) => step.kind === kind);
    const toDo = missing.filter((step) => step.kind === kind);
    const kept = steps.filter((step) => stored.has(step.key));
    return [kind, steps.length, kept.length, toDo.length, duration(toDo.reduce((sum, { cost }) => sum + cost, 0))];
  });
  const blocks = [
    `Profile ${plan.profile.id}, engine ${plan.engine.name} (${plan.why}).`,
    table(['steps', 'all', 'stored', 'to do', 'work'], rows),
    `${plan.cells.length} cells; about ${duration(seconds)} with ${workers} worker${workers === 1 ? '' : 's'}.`,
  ];
  if (cells) {
    const listed = plan.cells.map(({ path, skipped, evaluations }) => {
      const done = evaluations.every((step) => stored.has(step.key));
      return [path, skipped === null ? (done ? 'stored' : 'to do') : `skipped: ${skipped}`];
    });
    blocks.push(table(['cell', 'state'], listed));
  }
  return blocks.join('\n\n');
}

function asJson(plan: RunPlan, stored: ReadonlySet<string>, missing: readonly Step[], seconds: number): object {
  const toDo = new Set(missing.map(({ key }) => key));
  return {
    profile: plan.profile.id,
    engine: plan.engine,
    why: plan.why,
    seconds,
    cells: plan.cells.map(({ path, key, identity, skipped, evaluations }) => ({
      path,
      key,
      identity,
      skipped,
      stored: evaluations.every((step) => stored.has(step.key)),
    })),
    steps: plan.steps.map(({ kind, key, label, cost }) => ({
      kind,
      key,
      label,
      cost,
      stored: stored.has(key),
      toDo: toDo.has(key),
    })),
  };
}
