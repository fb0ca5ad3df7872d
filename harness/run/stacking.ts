/**
 * Which retrainings of a plan are stacked: the engine's own rule, by what was measured here, and the plan with the stacks.
 *
 * Stacks are formed where there are many retrainings of one shape and stacks of them were measured to be faster. What a
 * stack may hold is limited by the memory for its training images and, where each worker computes on a core of its
 * own, by the cores: at least two stacks for each. The machine's cores count, not the workers that a run was given, so
 * that the same machine makes the same plan. A plan with few retrainings, as one narrowed to a method, then has smaller
 * stacks than the whole one, with keys of their own.
 */
import { availableParallelism } from 'node:os';
import type { DatasetContent, PluginReference, Step } from '../contracts.ts';
import { sharesDevice } from '../engine/index.ts';
import { asError, UsageError } from '../errors.ts';
import { denseChain } from '../network/dense-chain.ts';
import { importPlugin } from '../plugins.ts';
import { maskedShape } from '../removal/masked-split.ts';
import { createPool } from '../steps/pool.ts';
import { runSteps } from '../steps/scheduler.ts';
import { type StackGroup, stackGroups, stackSteps } from '../steps/stacks.ts';
import type { Store } from '../steps/store.ts';
import { chooseStack, type StackChoice } from '../training/stack-rule.ts';
import { stackableSettings } from '../training/stacked-retrain.ts';
import { type PlannedCell, type RunPlan, reachable, type Stacking } from './plan.ts';
import { stackTimings } from './stack-measurements.ts';
import { readFacts } from './work.ts';

/** Fewer retrainings of a shape are not worth a measurement. */
const MANY = 16;

const NO_DATA = 'its data set is not in the store: the run decides once it is';

/** Names a size for tests: stacks of so many, whatever was measured, 1 for none. */
const OVERRIDE = 'ATTRIBENCH_STACK';

export interface StackingOptions {
  readonly store: Store;
  readonly signal?: AbortSignal | undefined;
  /** Cores of the machine, for tests. */
  readonly cores?: number;
  /**
   * Where given, data sets that the choice needs are computed first, and each is told in a line; else a plan whose data
   * are not in the store stays as it is.
   */
  readonly line?: (text: string) => void;
}

/** The plan with stacks in it, and what was chosen; the identities of its cells do not change. */
export async function stackRetrainings(plan: RunPlan, options: StackingOptions): Promise<RunPlan> {
  const groups = stackGroups(plan.steps);
  if (options.line !== undefined) await computeData(plan, groups.filter(isOpen), { ...options, line: options.line });
  const chosen = new Map<StackGroup, Stacking>();
  for (const group of groups) chosen.set(group, { of: labelOf(group), ...(await choose(plan, group, options)) });
  const { steps, now } = stackSteps(plan.steps, chosen);
  const stackings = [...chosen.values()];
  if (steps.length === plan.steps.length) return { ...plan, stackings };
  const cells = plan.cells.map((planned) => ({ ...planned, evaluations: planned.evaluations.map(now) }));
  return { ...plan, cells, steps, stackings };
}

/** A plan's choices in a line; undefined where it retrains nothing. */
export function stackingLine({ stackings = [] }: RunPlan): string | undefined {
  if (stackings.length === 0) return undefined;
  return `Stacked retraining: ${stackings.map(({ of, why }) => `${of}: ${why}`).join('; ')}.`;
}

/** Whether it takes more than the steps themselves to choose. */
function isOpen(group: StackGroup): boolean {
  return typeof knownSize(group) === 'undefined' && forcedSize() !== 1;
}

/** One by one, where that is known without looking at anything; undefined where it is not. */
function knownSize({ steps, descent }: StackGroup): StackChoice | undefined {
  if (!stackableSettings(descent)) return alone('images are augmented');
  if (forcedSize() === undefined && steps.length < MANY) return alone(`there are fewer than ${MANY}`);
  return undefined;
}

function alone(reason: string): StackChoice {
  return { size: 1, gain: 1, why: `one by one, since ${reason}` };
}

async function choose(plan: RunPlan, group: StackGroup, options: StackingOptions): Promise<StackChoice> {
  const { store, signal, cores = availableParallelism() } = options;
  const forced = forcedSize();
  const known = forced === 1 ? { size: 1, gain: 1, why: `one by one, as ${OVERRIDE} says` } : knownSize(group);
  if (known !== undefined) return known;
  const [{ plugins, inputs, parameters }] = group.steps as readonly [Step, ...Step[]];
  const head = inputs.data === undefined ? undefined : await store.readHead(inputs.data);
  if (inputs.data === undefined || head?.outcome.status !== 'completed') return alone(NO_DATA);
  const { shape, classes } = head.metadata as unknown as Pick<DatasetContent, 'shape' | 'classes'>;
  const inputShape = maskedShape(shape, group.input);
  const model = await importPlugin(plugins.model as PluginReference);
  if (model.kind !== 'model') throw new Error(`[attribench] "${model.id}" is a ${model.kind}, expected a model`);
  const request = { inputShape, classes: classes.length, parameters: parameters.model ?? {}, widthShape: shape };
  const found = denseChain(model, request);
  if (found.chain === null) return alone(`it is no chain of dense layers: ${found.why}`);
  if (forced !== undefined) return { size: forced, gain: 1, why: `up to ${forced} at once, as ${OVERRIDE} says` };
  // Its images are read for their number alone, so last; a small training set fills no whole batch.
  const facts = await readFacts(inputs.data, store);
  if (facts === null) return alone(NO_DATA);
  const { images } = facts;
  const batch = Math.min(group.descent.batchSize, images.train);
  const byCores = sharesDevice(plan.engine.name)
    ? Number.POSITIVE_INFINITY
    : Math.floor(group.steps.length / (2 * cores));
  if (byCores < 2) return alone(`${cores} cores have work enough`);
  const timings = await stackTimings(plan.engine, { chain: found.chain, inputShape, batch }, { signal }).catch(asError);
  signal?.throwIfAborted();
  if (timings instanceof Error) return alone(`stacks could not be timed here (${timings.message.split('\n')[0]})`);
  const float = Float32Array.BYTES_PER_ELEMENT;
  const byMemory = Math.floor(timings.bytes / (float * images.train * inputShape[0] * inputShape[1] * inputShape[2]));
  return chooseStack(timings, Math.min(byCores, byMemory));
}

/** Computes the data sets that a choice waits for. A failure is told by the run itself, where it counts. */
async function computeData(
  plan: RunPlan,
  groups: readonly StackGroup[],
  { store, signal, line }: StackingOptions & { readonly line: (text: string) => void },
): Promise<void> {
  const byKey = new Map(plan.steps.map((step) => [step.key, step]));
  const wanted: Step[] = [];
  for (const { steps } of groups) {
    const data = byKey.get(steps[0]?.inputs.data?.key ?? '');
    if (data !== undefined && !(await store.has(data))) wanted.push(data);
  }
  if (wanted.length === 0) return;
  const pool = createPool({ workers: 1, storeFolder: store.folder });
  try {
    await runSteps(reachable(wanted, byKey), {
      targets: new Set(wanted.map(({ key }) => key)),
      pool,
      store,
      ...(signal === undefined ? {} : { signal }),
      settled: (step, result) => {
        if (result.status === 'computed') line(`${step.label}: ${result.seconds.toFixed(1)} s`);
      },
    });
  } finally {
    await pool.close();
  }
}

function labelOf({ steps, input }: StackGroup): string {
  const [what] = (steps[0]?.label ?? '').split(',');
  return `${steps.length} × ${what}, ${input === 'image' ? 'images' : 'images with masks'}`;
}

/** The choices that a cell's retrainings fall under, in words; null where it has none. */
export function stackingOf(plan: RunPlan, planned: PlannedCell): string | null {
  const byKey = new Map(plan.steps.map((step) => [step.key, step]));
  const retrains = reachable(planned.evaluations, byKey).some(({ kind }) => /retraining$/.test(kind));
  return retrains ? (stackingLine(plan) ?? null) : null;
}

function forcedSize(): number | undefined {
  const text = process.env[OVERRIDE];
  if (text === undefined || text === '') return undefined;
  const size = Number(text);
  if (Number.isInteger(size) && size >= 1) return size;
  throw new UsageError(`[attribench] ${OVERRIDE} is "${text}", expected an integer from 1`);
}
