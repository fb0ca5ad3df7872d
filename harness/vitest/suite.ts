/**
 * The second door of the runner: a bench file whose benches are a profile's (trained model, method) pairs.
 *
 * Before the first bench the cells that Vitest's filters left are run, in pool processes that have
 * ended when timing begins; each bench then times one attribution of a batch; the table comes last.
 */
import { setImmediate as breathe } from 'node:timers/promises';
import { closingTable } from '../closing.ts';
import type { CellRecord, Step } from '../contracts.ts';
import { loadEngine } from '../engine/index.ts';
import { canonicalJson } from '../fingerprint.ts';
import { Registry } from '../plugins.ts';
import { progressOf } from '../progress.ts';
import { nowhereApplicable } from '../results/nowhere-applicable.ts';
import {
  executeRun,
  type PlannedCell,
  planRun,
  type RunPlan,
  type RunRequest,
  reachable,
  stackingLine,
  stackRetrainings,
} from '../runner.ts';
import { type Selection, selectionFromEnvironment } from '../selection.ts';
import { Store } from '../steps/store.ts';
import { benchFile, type TimedCell, type TimedGroup } from './bench-adapter.ts';
import { type Timing, timeAttribution, timePrediction } from './timing.ts';

/** The name of the bench of the checks that judge a trained model without a method. */
const MODEL_ALONE = 'the model alone';

/** A bench: the cells of one method on one trained model, timed together. */
interface SuiteCell extends TimedCell {
  readonly planned: readonly PlannedCell[];
  timing: Timing | undefined;
}

/**
 * Registers the benches of a profile ('quick' by default) in the bench file that calls it.
 *
 * Lists of ids narrow it; environment variables (ATTRIBENCH_PROFILE, ATTRIBENCH_METHODS, ...), which
 * the command line sets, go before the options. Errors: UsageError for unknown names.
 */
export async function attributionSuite(options: Selection = {}): Promise<void> {
  const request: RunRequest = { profile: 'quick', ...options, ...selectionFromEnvironment(process.env) };
  const registry = await Registry.load();
  const plan = await planRun(registry, request);
  const groups = groupsOf(plan);
  const all = groups.flatMap((group) => group.cells);
  const { results } = registry.project;
  let done: { readonly plan: RunPlan; readonly records: readonly CellRecord[]; readonly seconds: number } | undefined;

  benchFile({
    groups,
    async prepare(selected) {
      const chosen = all.filter((cell) => selected.has(cell));
      const narrowed =
        chosen.length === all.length ? plan : await planRun(registry, { ...request, only: among(chosen) });
      const started = performance.now();
      const store = await Store.open();
      const output = { line: (text: string) => process.stderr.write(`${text}\n`), status() {} };
      output.line(
        `${narrowed.cells.length} cells of profile ${plan.profile.id}, engine ${plan.engine.name} (${plan.why})`,
      );
      const stacked = await stackRetrainings(narrowed, { store, line: output.line });
      if (stacked.stackings?.some(({ size }) => size > 1)) output.line(stackingLine(stacked) ?? '');
      const progress = progressOf(stacked, output);
      let engine: Promise<unknown> | undefined;
      const records = await executeRun(stacked, {
        store,
        results,
        events: {
          ...progress,
          step(event) {
            progress.step?.(event);
            // While the pool trains, this process has nothing to do, and its engine takes a second to open. An
            // engine that cannot be opened is told below.
            if (event.state === 'started' && event.step.kind === 'training') {
              engine ??= loadEngine(narrowed.engine.name).catch(() => {});
            }
          },
        },
      });
      await engine;
      const seconds = (performance.now() - started) / 1000;
      done = { plan: narrowed, records, seconds };
      return openTimings(chosen, narrowed, store);
    },
    async finish(errors, show) {
      for (const cell of all) cell.timing?.dispose();
      // Without records the run itself threw, and Vitest has shown that error.
      if (done === undefined) return;
      show(closingTable(registry, done.plan, done.records, { results, seconds: done.seconds }));
      const failures = [
        ...done.records.flatMap((record) => (record.status === 'failed' ? [`${record.step}: ${record.error}`] : [])),
        ...nowhereApplicable(done.records),
        ...[...errors].map(([cell, error]) => `timing ${cell.name}: ${error.message}`),
      ];
      if (failures.length > 0) throw new Error(`[attribench] ${failures.length} failed: ${failures.join('; ')}`);
    },
  });
}

interface SuiteGroup extends TimedGroup {
  readonly cells: readonly SuiteCell[];
}

/** One group a (data set, model, training), one bench a method in it, named as the records are. */
function groupsOf(plan: RunPlan): readonly SuiteGroup[] {
  const groups = new Map<string, Map<string, PlannedCell[]>>();
  for (const planned of plan.cells) {
    const [, , dataset = '', trained = '', method = ''] = planned.path.split('/');
    const group = `${dataset} / ${trained.replace('--', ' / ')}`;
    const name = planned.cell.method === null ? MODEL_ALONE : method;
    const cells = groups.get(group) ?? new Map<string, PlannedCell[]>();
    groups.set(group, cells.set(name, [...(cells.get(name) ?? []), planned]));
  }
  return [...groups].map(([name, cells]) => ({
    name,
    cells: [...cells].map(([method, planned]) => {
      const cell: SuiteCell = {
        name: method,
        planned,
        timing: undefined,
        async run() {
          // Synchronous engines would otherwise hold the event loop over a whole series of iterations.
          await breathe();
          await cell.timing?.run();
        },
      };
      return cell;
    }),
  }));
}

function among(chosen: readonly SuiteCell[]): NonNullable<RunRequest['only']> {
  const wanted = new Set(chosen.flatMap(({ planned }) => planned.map(({ cell }) => canonicalJson(cell))));
  return (cell) => wanted.has(canonicalJson(cell));
}

/** Opens what can be timed: a stored attribution of the first training, or its network for a model alone. */
async function openTimings(cells: readonly SuiteCell[], plan: RunPlan, store: Store): Promise<ReadonlySet<TimedCell>> {
  await loadEngine(plan.engine.name);
  const byKey = new Map(plan.steps.map((step) => [step.key, step]));
  const timed = new Set<TimedCell>();
  for (const cell of cells) {
    const isTimed = (step: Step) =>
      cell.name === MODEL_ALONE
        ? step.kind === 'training'
        : step.kind === 'attribution' && step.parameters.step?.weights === 'final';
    for (const step of cell.planned.flatMap(({ evaluations }) => reachable(evaluations, byKey)).filter(isTimed)) {
      if ((await store.readHead(step))?.outcome.status !== 'completed') continue;
      cell.timing = step.kind === 'training' ? timePrediction(step, store) : timeAttribution(step, store);
      timed.add(cell);
      break;
    }
  }
  return timed;
}
