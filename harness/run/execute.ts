/**
 * Running a plan: what the store lacks is computed by the pool, and each cell is judged and its record
 * written as soon as its evaluations are there, so that an interrupted run loses nothing.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CellRecord, Step } from '../contracts.ts';
import { packageRoot } from '../plugins.ts';
import { writeRecord } from '../results/records.ts';
import { describeEnvironment, runInformation } from '../results/run-information.ts';
import { createPool } from '../steps/pool.ts';
import { runSteps, type StepEvent, type StepResult } from '../steps/scheduler.ts';
import { networksOf } from '../steps/stacks.ts';
import type { Store } from '../steps/store.ts';
import { keepTimings } from '../steps/timings.ts';
import { ratesOf } from './estimate.ts';
import { judgeCell, SpentTime } from './judge.ts';
import type { PlannedCell, RunPlan } from './plan.ts';
import { stackingOf } from './stacking.ts';
import { workOf } from './work.ts';

export interface RunEvents {
  step?(event: StepEvent): void;
  cell?(record: CellRecord, planned: PlannedCell): void;
}

export interface RunOptions {
  readonly store: Store;
  /** The results folder. */
  readonly results: string;
  /** Pool processes; by default one a core. */
  readonly workers?: number;
  readonly signal?: AbortSignal;
  readonly events?: RunEvents;
}

/** Runs a plan and returns its records in the plan's order. A failed step fails its cells only. */
export async function executeRun(plan: RunPlan, options: RunOptions): Promise<readonly CellRecord[]> {
  const { store, results, events = {} } = options;
  // A record that cannot be written ends the run: what it would compute could not be kept either.
  const unwritable = new AbortController();
  const signal = AbortSignal.any([unwritable.signal, ...(options.signal === undefined ? [] : [options.signal])]);
  const environment = await describeEnvironment(packageRoot, plan.engine, await packageVersions());
  const records = new Map<PlannedCell, CellRecord>();
  const finish = async (planned: PlannedCell, settled: ReadonlyMap<string, StepResult>) => {
    const record = await judgeCell(planned, settled, store);
    const stacking = stackingOf(plan, planned);
    const versions = { ...environment.versions, ...(stacking === null ? {} : { 'stacked retraining': stacking }) };
    const run = runInformation(planned.key, await spent.of(planned), { ...environment, versions });
    await writeRecord(results, planned.path, record, run);
    records.set(planned, record);
    events.cell?.(record, planned);
  };
  const spent = new SpentTime(plan, store);
  const computed: { readonly step: Step; readonly seconds: number }[] = [];
  const waiting = new Waiting(plan.cells, finish, (error) => unwritable.abort(error));
  const pool = createPool({ workers: options.workers, engine: plan.engine.name, storeFolder: store.folder });
  try {
    const targets = new Set(plan.cells.flatMap((planned) => planned.evaluations.map((step) => step.key)));
    await runSteps(plan.steps, {
      targets,
      pool,
      store,
      signal,
      event: (event) => events.step?.(event),
      settled: (step, result) => {
        if (result.status === 'computed') computed.push({ step, seconds: result.seconds });
        waiting.settle(step, result);
      },
    });
  } finally {
    // Also after an interrupt: what was finished is kept.
    await pool.close();
    await waiting.done();
    const retrained = computed.filter(({ step }) => networksOf(step) > 0);
    await keepTimings(
      computed,
      ratesOf(
        retrained,
        await workOf(
          retrained.map(({ step }) => step),
          store,
        ),
      ),
    );
  }
  return plan.cells.flatMap((planned) => records.get(planned) ?? []);
}

/** Finishes each cell once all its evaluations are settled. */
class Waiting {
  readonly #open: Map<PlannedCell, Set<string>>;
  readonly #byStep = new Map<string, PlannedCell[]>();
  readonly #settled = new Map<string, StepResult>();
  readonly #finish: (planned: PlannedCell, settled: ReadonlyMap<string, StepResult>) => Promise<void>;
  readonly #failed: (error: unknown) => void;
  readonly #running: Promise<void>[] = [];

  constructor(
    cells: readonly PlannedCell[],
    finish: (planned: PlannedCell, settled: ReadonlyMap<string, StepResult>) => Promise<void>,
    failed: (error: unknown) => void,
  ) {
    this.#finish = finish;
    this.#failed = failed;
    this.#open = new Map(cells.map((planned) => [planned, new Set(planned.evaluations.map((step) => step.key))]));
    for (const [planned, keys] of this.#open) {
      for (const key of keys) this.#byStep.set(key, [...(this.#byStep.get(key) ?? []), planned]);
      if (keys.size === 0) this.#start(planned);
    }
  }

  settle(step: Step, result: StepResult): void {
    this.#settled.set(step.key, result);
    for (const planned of this.#byStep.get(step.key) ?? []) {
      const open = this.#open.get(planned);
      if (open?.delete(step.key) && open.size === 0) this.#start(planned);
    }
  }

  async done(): Promise<void> {
    await Promise.all(this.#running);
  }

  #start(planned: PlannedCell): void {
    const finished = this.#finish(planned, this.#settled);
    // Also thrown by done(); until then a failure must not count as unhandled.
    finished.catch(this.#failed);
    this.#running.push(finished);
  }
}

/** Versions of this package and of TensorFlow.js, for provenance. */
async function packageVersions(): Promise<{ [name: string]: string }> {
  const own = JSON.parse(await readFile(join(packageRoot, 'package.json'), 'utf8')) as { version: string };
  return { attribench: own.version };
}
