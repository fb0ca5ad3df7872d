/** `attribench plan`: what a run would do, what is stored already, and about how long the rest takes. */
import { availableParallelism } from 'node:os';
import type { Command } from 'commander';
import type { Step } from '../contracts.ts';
import type { RunPlan, Work } from '../runner.ts';
import { STEP_KINDS } from '../steps/step.ts';
import type { Io } from './io.ts';
import { positiveInteger, type SelectionOptions, selectionOf, withSelection } from './options.ts';
import { byteSize, duration, json, table } from './table.ts';

interface PlanOptions extends SelectionOptions {
  readonly workers?: number;
  readonly missing?: boolean;
  readonly cells?: boolean;
  readonly json?: boolean;
}

export function addPlan(program: Command, io: Io): void {
  withSelection(program.command('plan'))
    .description('Show what `run` would do: cells, steps, what is stored, and the estimated time.')
    .option('--workers <n>', 'worker processes, for the estimate (default: one a core)', positiveInteger)
    .option('--missing', 'only cells without a record of theirs in the results folder')
    .option('--cells', 'list every cell')
    .option('--json', 'print JSON')
    .action(async (options: PlanOptions) => {
      const { Registry } = await import('../plugins.ts');
      const runner = await import('../runner.ts');
      const { matmulRate, missingSteps, planRun, runSeconds, secondsOf, standingRecords, withoutCells, workOf } =
        runner;
      const { Store } = await import('../steps/store.ts');
      const { readTimings } = await import('../steps/timings.ts');
      const registry = await Registry.load({ from: io.cwd });
      const whole = await planRun(registry, selectionOf(options, io));
      const asked = options.missing
        ? withoutCells(whole, await standingRecords(whole, registry.project.results))
        : whole;
      const store = await Store.open();
      const plan = await runner.stackRetrainings(asked, { store });
      const stored = new Set<string>();
      for (const step of plan.steps) if (await store.has(step)) stored.add(step.key);
      const workers = options.workers ?? availableParallelism();
      const missing = missingSteps(plan, stored);
      const work = await workOf(missing, store);
      const trains = missing.some(({ key }) => (work.get(key)?.flop ?? null) !== null);
      const rate = trains ? await matmulRate(plan.engine.name) : null;
      const seconds = secondsOf(missing, work, await readTimings(), rate);
      const outlook: Outlook = {
        stacking: runner.stackingLine(plan) ?? null,
        networks: missing.reduce((sum, step) => sum + runner.networksOf(step), 0),
        stored,
        missing,
        work,
        seconds,
        rate,
        total: runSeconds(missing, seconds, workers),
        workers,
      };
      io.out(options.json ? json(asJson(plan, outlook)) : render(plan, outlook, options.cells));
    });
}

/** What is stored, what is to do, and how much that is. */
interface Outlook {
  readonly stored: ReadonlySet<string>;
  readonly missing: readonly Step[];
  /** How retrainings are stacked, in a line; null where there is none. */
  readonly stacking: string | null;
  /** Networks to train on masked images. */
  readonly networks: number;
  readonly work: ReadonlyMap<string, Work>;
  /** By key. */
  readonly seconds: ReadonlyMap<string, number>;
  /** Of matrix multiplication, in floating-point operations a second; null where nothing is trained. */
  readonly rate: number | null;
  readonly total: number;
  readonly workers: number;
}

function render(plan: RunPlan, outlook: Outlook, cells = false): string {
  const { stored, missing, work, seconds, total, workers } = outlook;
  // A row of its own for what few plans have.
  const kinds = STEP_KINDS.filter(
    (kind) => kind !== 'stacked-retraining' || plan.steps.some((step) => step.kind === kind),
  );
  const rows = kinds.map((kind) => {
    const steps = plan.steps.filter((step) => step.kind === kind);
    const toDo = missing.filter((step) => step.kind === kind);
    const kept = steps.filter((step) => stored.has(step.key));
    const spent = duration(toDo.reduce((sum, { key }) => sum + (seconds.get(key) ?? 0), 0));
    const { flop, bytes } = amount(toDo, work);
    return [
      kind,
      steps.length,
      kept.length,
      toDo.length,
      flop === null ? '' : (flop / 1e12).toPrecision(3),
      bytes === null ? '' : byteSize(bytes),
      spent,
    ];
  });
  const blocks = [
    `Profile ${plan.profile.id}, engine ${plan.engine.name} (${plan.why}).`,
    table(['steps', 'all', 'stored', 'to do', 'TFLOP', 'disk', 'work'], rows),
    `${plan.cells.length} cells; about ${duration(total)} with ${workers} worker${workers === 1 ? '' : 's'}.`,
    ...remarks(outlook),
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

/** Sums over steps; null where nothing is known of any. */
function amount(steps: readonly Step[], work: ReadonlyMap<string, Work>): Work {
  const sum = (of: 'flop' | 'bytes') => {
    const known = steps.flatMap(({ key }) => work.get(key)?.[of] ?? []);
    return known.length === 0 ? null : known.reduce((total, one) => total + one, 0);
  };
  return { flop: sum('flop'), bytes: sum('bytes') };
}

function remarks({ missing, rate, networks, stacking }: Outlook): readonly string[] {
  const trainings = missing.filter(({ kind }) => kind === 'training').length;
  const unknown = missing.filter(({ kind }) => kind === 'dataset').map(({ label }) => label);
  return [
    ...(trainings + networks === 0
      ? []
      : [`${trainings + networks} networks to train: ${trainings} to explain, ${networks} on masked images.`]),
    ...(stacking === null ? [] : [stacking]),
    ...(rate === null
      ? []
      : [`Matrix multiplication runs at ${(rate / 1e9).toPrecision(3)} GFLOP/s on one core here, now.`]),
    ...(unknown.length === 0
      ? []
      : [`Arithmetic and disk are known once ${unknown.join(', ')} ${unknown.length === 1 ? 'is' : 'are'} stored.`]),
  ];
}

function asJson(plan: RunPlan, { stored, missing, work, seconds, rate, total }: Outlook): object {
  const toDo = new Set(missing.map(({ key }) => key));
  return {
    profile: plan.profile.id,
    engine: plan.engine,
    why: plan.why,
    seconds: total,
    matmulRate: rate,
    stackings: plan.stackings ?? [],
    ...amount(missing, work),
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
      cost: seconds.get(key) ?? cost,
      flop: work.get(key)?.flop ?? null,
      bytes: work.get(key)?.bytes ?? null,
      stored: stored.has(key),
      toDo: toDo.has(key),
    })),
  };
}
