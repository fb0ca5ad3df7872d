/**
 * One runner, two doors: `attribench run` and the bench files plan and run through here.
 *
 * A plan is made without computing anything: every key follows from its inputs. Running computes what
 * the store lacks, judges each cell as soon as its evaluations are there, and writes its record at
 * once, so that an interrupted run loses nothing.
 */
import type {
  Cell,
  CellRecord,
  Check,
  EngineIdentity,
  EvaluationOutput,
  Profile,
  RecordIdentity,
  Role,
  Step,
  SuiteCheck,
} from './contracts.ts';
import { chooseEngine } from './engine/index.ts';
import { asError, isNotApplicable, UsageError } from './errors.ts';
import type { Registry } from './plugins.ts';
import { recordPath, writeRecord } from './results/records.ts';
import { runInformation } from './results/run-information.ts';
import { StepBook } from './steps/cell-plan.ts';
import { createPool } from './steps/pool.ts';
import { runSteps, type StepEvent, type StepResult } from './steps/scheduler.ts';
import type { Store } from './steps/store.ts';

/** What to run: a profile, narrowed by lists of ids (absent: all) and by a predicate. */
export interface RunRequest {
  readonly profile: string;
  readonly engine?: string;
  readonly methods?: readonly string[];
  readonly models?: readonly string[];
  readonly trainings?: readonly string[];
  readonly datasets?: readonly string[];
  readonly checks?: readonly string[];
  readonly only?: (cell: Cell) => boolean;
}

export interface PlannedCell {
  readonly cell: Cell;
  readonly identity: RecordIdentity;
  readonly key: string;
  /** Path of the record under the results folder, without extension. */
  readonly path: string;
  readonly role: Role | null;
  readonly check: Check;
  /** The check's steps, one a training; empty for a cell that cannot apply. */
  readonly evaluations: readonly Step[];
  /** Training index of each evaluation. */
  readonly trainings: readonly number[];
  /** Why the cell cannot apply, known before running; null otherwise. */
  readonly skipped: string | null;
}

export interface RunPlan {
  readonly profile: Profile;
  readonly engine: EngineIdentity;
  /** Why this engine, in words. */
  readonly why: string;
  readonly cells: readonly PlannedCell[];
  /** All steps that the cells rest on, inputs first. */
  readonly steps: readonly Step[];
}

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

/** Plans a run: cells, their steps and keys. Errors: UsageError for unknown names and empty selections. */
export async function planRun(registry: Registry, request: RunRequest): Promise<RunPlan> {
  const profile = registry.find('profile', request.profile).plugin;
  refuseUnknownNames(registry, request);
  const { identity: engine, why } = await chooseEngine(request.engine);
  const book = new StepBook({
    registry,
    engine,
    seed: profile.seed,
    trainings: profile.trainings,
    overrides: profile.parameters ?? {},
  });
  const cells = [...cellsOf(profile, registry, book, request)].map((cell) =>
    planCell(cell, profile, engine, registry, book),
  );
  if (cells.length === 0) {
    throw new UsageError(`[attribench] profile "${profile.id}": the selection leaves no cell; see "attribench plan"`);
  }
  return { profile, engine, why, cells, steps: closure(cells, book) };
}

/** Runs a plan and returns its records in the plan's order. A failed step fails its cells only. */
export async function executeRun(plan: RunPlan, options: RunOptions): Promise<readonly CellRecord[]> {
  const { store, results, events = {} } = options;
  const signal = options.signal ?? new AbortController().signal;
  const records = new Map<PlannedCell, CellRecord>();
  const finish = async (planned: PlannedCell, settled: ReadonlyMap<string, StepResult>) => {
    const { record, seconds } = await judgeCell(planned, settled, store, plan);
    await writeRecord(results, planned.path, record, runInformation(planned.key, seconds, environment));
    records.set(planned, record);
    events.cell?.(record, planned);
  };
  const waiting = new Waiting(plan.cells, finish);
  const pool = createPool({ workers: options.workers, engine: plan.engine.name, storeFolder: store.folder });
  try {
    const targets = new Set(plan.cells.flatMap((planned) => planned.evaluations.map((step) => step.key)));
    await runSteps(plan.steps, {
      targets,
      pool,
      store,
      signal,
      event: (event) => events.step?.(event),
      settled: (step, result) => waiting.settle(step, result),
    });
  } finally {
    await pool.close();
  }
  await waiting.done();
  signal.throwIfAborted();
  return plan.cells.flatMap((planned) => records.get(planned) ?? []);
}

/** Finishes each cell once all its evaluations are settled. */
class Waiting {
  readonly #open: Map<PlannedCell, Set<string>>;
  readonly #byStep = new Map<string, PlannedCell[]>();
  readonly #settled = new Map<string, StepResult>();
  readonly #finish: (planned: PlannedCell, settled: ReadonlyMap<string, StepResult>) => Promise<void>;
  readonly #running: Promise<void>[] = [];

  constructor(
    cells: readonly PlannedCell[],
    finish: (planned: PlannedCell, settled: ReadonlyMap<string, StepResult>) => Promise<void>,
  ) {
    this.#finish = finish;
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
    this.#running.push(this.#finish(planned, this.#settled));
  }
}

async function judgeCell(
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

function refuseUnknownNames(registry: Registry, request: RunRequest): void {
  const { methods, models, trainings, datasets, checks } = request;
  for (const [kind, ids] of Object.entries({
    method: methods,
    model: models,
    training: trainings,
    dataset: datasets,
    check: checks,
  })) {
    for (const id of ids ?? []) registry.find(kind as 'method', id);
  }
}

function* cellsOf(profile: Profile, registry: Registry, book: StepBook, request: RunRequest): Generator<Cell> {
  const wanted = (list: readonly string[] | undefined, id: string) => list === undefined || list.includes(id);
  for (const suite of profile.suites) {
    if (!wanted(request.datasets, suite.dataset.id)) continue;
    const dataset = book.resolve('dataset', suite.dataset);
    for (const modelChoice of suite.models) {
      if (!wanted(request.models, modelChoice.id)) continue;
      const model = book.resolve('model', modelChoice);
      for (const trainingChoice of suite.trainings) {
        if (!wanted(request.trainings, trainingChoice.id)) continue;
        const training = book.resolve('training', trainingChoice);
        for (const checkChoice of suite.checks) {
          if (!wanted(request.checks, checkChoice.id)) continue;
          const check = book.resolve('check', checkChoice);
          for (const id of subjectsOf(checkChoice, registry, request)) {
            const method = id === null ? null : book.resolve('method', { id });
            const cell: Cell = { check, dataset, model, training, method };
            if (request.only === undefined || request.only(cell)) yield cell;
          }
        }
      }
    }
  }
}

/** The methods that a check judges; [null] for a check of the model, unless methods were asked for. */
function subjectsOf(choice: SuiteCheck, registry: Registry, request: RunRequest): readonly (string | null)[] {
  if (registry.find('check', choice.id).plugin.subject === 'model') return request.methods === undefined ? [null] : [];
  const ids = choice.methods ?? registry.all('method').map((found) => found.id);
  return ids.filter((id) => request.methods === undefined || request.methods.includes(id));
}

function planCell(
  cell: Cell,
  profile: Profile,
  engine: EngineIdentity,
  registry: Registry,
  book: StepBook,
): PlannedCell {
  const check = registry.find('check', cell.check.id).plugin;
  const plan = book.plan(cell);
  const identity: RecordIdentity = { ...cell, engine, seed: profile.seed, trainings: plan.trainings.length };
  const planned = {
    cell,
    identity,
    key: identityKey(identity),
    path: recordPath(profile.id, cell, (part, id) => parametersOf(registry.find(part, id).plugin)),
    role: cell.method === null ? null : registry.find('method', cell.method.id).plugin.role,
    check,
    trainings: plan.trainings,
  };
  try {
    return { ...planned, evaluations: check.steps(plan), skipped: null };
  } catch (thrown) {
    if (!isNotApplicable(thrown)) throw thrown;
    return { ...planned, evaluations: [], skipped: thrown.message };
  }
}

/** The steps that the cells rest on, inputs first, in the book's order. */
function closure(cells: readonly PlannedCell[], book: StepBook): readonly Step[] {
  const byKey = new Map(book.steps.map((step) => [step.key, step]));
  const needed = new Set(
    reachable(
      cells.flatMap((planned) => planned.evaluations),
      byKey,
    ).map((step) => step.key),
  );
  return book.steps.filter((step) => needed.has(step.key));
}

function reachable(from: readonly Step[], byKey: ReadonlyMap<string, Step>): Step[] {
  const seen = new Set<string>();
  const found: Step[] = [];
  const visit = (step: Step | undefined) => {
    if (step === undefined || seen.has(step.key)) return;
    seen.add(step.key);
    for (const { key } of Object.values(step.inputs)) visit(byKey.get(key));
    found.push(step);
  };
  for (const step of from) visit(step);
  return found;
}
