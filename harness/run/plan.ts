/**
 * Planning a run: from a profile to cells, and from cells to steps, without computing anything.
 *
 * Every key follows from its inputs, so a plan knows before it runs what is already stored.
 */
import type {
  Cell,
  CellPlan,
  Check,
  EngineIdentity,
  PluginChoice,
  Profile,
  RecordIdentity,
  Role,
  Step,
  SuiteCheck,
} from '../contracts.ts';
import { chooseEngine } from '../engine/index.ts';
import { isNotApplicable, UsageError } from '../errors.ts';
import { fingerprint } from '../fingerprint.ts';
import { nearestName, type Registry } from '../plugins.ts';
import { recordPath } from '../results/records.ts';
import { StepBook } from '../steps/cell-plan.ts';
import { STEP_REVISIONS } from '../steps/step.ts';
import { readTimings } from '../steps/timings.ts';
import type { StackChoice } from '../training/stack-rule.ts';

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
  /** How retrainings are stacked, once that was chosen: one entry a shape. */
  readonly stackings?: readonly Stacking[];
}

/** What was chosen for the retrainings of one shape. */
export interface Stacking extends StackChoice {
  /** How many there are, the model, the data set and what the networks see. */
  readonly of: string;
}

/** Plans a run: cells, their steps and keys. Errors: UsageError for unknown names and empty selections. */
export async function planRun(registry: Registry, request: RunRequest): Promise<RunPlan> {
  const profile = registry.find('profile', request.profile).plugin;
  refuseUnknownNames(registry, request);
  refuseUnknownOverrides(registry, profile);
  const { identity: engine, why } = await chooseEngine(request.engine);
  const book = new StepBook({
    registry,
    engine,
    seed: profile.seed,
    trainings: profile.trainings,
    overrides: profile.parameters ?? {},
    timings: await readTimings(),
  });
  const cells = [...cellsOf(profile, registry, book, request)].map(({ cell, trainings }) =>
    planCell(cell, book.plan(cell, trainings), profile, engine, registry, book),
  );
  refuseTwins(profile, cells);
  if (cells.length === 0) {
    throw new UsageError(`[attribench] profile "${profile.id}": the selection leaves no cell; see "attribench plan"`);
  }
  return { profile, engine, why, cells, steps: closure(cells, book) };
}

/** A misspelt id under a profile's parameters would change nothing, and nobody would know. */
function refuseUnknownOverrides(registry: Registry, profile: Profile): void {
  const kinds = ['method', 'model', 'training', 'dataset', 'check'] as const;
  const known = kinds.flatMap((kind) => registry.all(kind).map(({ id }) => id));
  for (const id of Object.keys(profile.parameters ?? {})) {
    if (known.includes(id)) continue;
    const nearest = nearestName(id, known);
    const hint = nearest === undefined ? '' : `; did you mean "${nearest}"?`;
    throw new UsageError(
      `[attribench] profile "${profile.id}": parameters are set for "${id}", which is no plugin${hint}`,
    );
  }
}

/** The first of two cells whose records would be one file. */
function refuseTwins(profile: Profile, cells: readonly PlannedCell[]): void {
  const seen = new Set<string>();
  for (const { path } of cells) {
    if (seen.has(path)) throw new UsageError(`[attribench] profile "${profile.id}": ${path} is asked for twice`);
    seen.add(path);
  }
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

function* cellsOf(
  profile: Profile,
  registry: Registry,
  book: StepBook,
  request: RunRequest,
): Generator<{ readonly cell: Cell; readonly trainings: number }> {
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
          for (const subject of subjectsOf(checkChoice, profile, registry, request)) {
            const method = subject === null ? null : book.resolve('method', subject);
            const cell: Cell = { check, dataset, model, training, method };
            const trainings = suite.repeats ?? profile.trainings;
            if (request.only === undefined || request.only(cell)) yield { cell, trainings };
          }
        }
      }
    }
  }
}

/**
 * The methods that a check judges; [null] for a check of the model, unless methods were asked for.
 *
 * What is asked for by name runs also where the profile does not list it; a check's own list holds.
 */
function subjectsOf(
  choice: SuiteCheck,
  profile: Profile,
  registry: Registry,
  request: RunRequest,
): readonly (PluginChoice | null)[] {
  if (registry.find('check', choice.id).plugin.subject === 'model') return request.methods === undefined ? [null] : [];
  const own = choice.methods?.map((method) => (typeof method === 'string' ? { id: method } : method));
  for (const id of [...(own ?? []).map((method) => method.id), ...(profile.methods ?? [])]) registry.find('method', id);
  const listed = ({ id, fromProject }: { readonly id: string; readonly fromProject: boolean }) => {
    if (own !== undefined) return own.filter((method) => method.id === id);
    return request.methods !== undefined || fromProject || (profile.methods?.includes(id) ?? true) ? [{ id }] : [];
  };
  return registry
    .all('method')
    .filter(({ id }) => request.methods?.includes(id) ?? true)
    .flatMap(listed);
}

function planCell(
  cell: Cell,
  plan: CellPlan,
  profile: Profile,
  engine: EngineIdentity,
  registry: Registry,
  book: StepBook,
): PlannedCell {
  const check = registry.find('check', cell.check.id).plugin;
  const identified = (evaluations: readonly Step[]) => {
    const revisions = revisionsUnder(cell, evaluations, book);
    const identity: RecordIdentity = {
      ...cell,
      revisions,
      engine,
      seed: profile.seed,
      trainings: plan.trainings.length,
    };
    return { identity, key: fingerprint(identity), evaluations };
  };
  const planned = {
    cell,
    path: recordPath(profile.id, cell, (part, id) => registry.find(part, id).plugin.parameters),
    role: cell.method === null ? null : registry.find('method', cell.method.id).plugin.role,
    check,
    trainings: plan.trainings,
  };
  try {
    return { ...planned, ...identified(check.steps(plan)), skipped: null };
  } catch (thrown) {
    if (!isNotApplicable(thrown)) throw thrown;
    return { ...planned, ...identified([]), skipped: thrown.message };
  }
}

/** Revisions of the step kinds and of the plugins that evaluations rest on, without the cell's own plugins. */
function revisionsUnder(cell: Cell, evaluations: readonly Step[], book: StepBook): { [part: string]: number } {
  const own = new Set(
    (['check', 'dataset', 'model', 'training', 'method'] as const).map((kind) => `${kind} ${cell[kind]?.id}`),
  );
  const found = new Map<string, number>();
  for (const step of reachable(evaluations, { get: (key) => book.step(key) })) {
    found.set(`step ${step.kind}`, STEP_REVISIONS[step.kind]);
    for (const { kind, id, revision } of Object.values(step.plugins)) {
      if (!own.has(`${kind} ${id}`)) found.set(`${kind} ${id}`, revision);
    }
  }
  return Object.fromEntries([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
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

/** The steps that a run would compute, inputs first: what is stored needs nothing of what it was made from. */
export function missingSteps(plan: RunPlan, stored: ReadonlySet<string>): readonly Step[] {
  const byKey = new Map(plan.steps.map((step) => [step.key, step]));
  return reachable(
    plan.cells.flatMap((planned) => planned.evaluations),
    byKey,
    (step) => !stored.has(step.key),
  );
}

/** The steps that some steps rest on and themselves, inputs first; not what `follow` refuses, nor what only that rests on. */
export function reachable(
  from: readonly Step[],
  byKey: { get(key: string): Step | undefined },
  follow: (step: Step) => boolean = () => true,
): Step[] {
  const seen = new Set<string>();
  const found: Step[] = [];
  const visit = (step: Step | undefined) => {
    if (step === undefined || seen.has(step.key) || !follow(step)) return;
    seen.add(step.key);
    for (const { key } of Object.values(step.inputs)) visit(byKey.get(key));
    found.push(step);
  };
  for (const step of from) visit(step);
  return found;
}
