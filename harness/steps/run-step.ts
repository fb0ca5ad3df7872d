/**
 * The one function that turns a step into an artifact, in any process.
 *
 * A step whose input was skipped or excluded inherits that outcome: nothing is computed from it.
 */
import type { Step, StepKind, StepOutcome } from '../contracts.ts';
import { isNotApplicable } from '../errors.ts';
import { runAttribution } from './kinds/attribution.ts';
import { runDataset } from './kinds/dataset.ts';
import { runEvaluation } from './kinds/evaluation.ts';
import { StepInputs } from './kinds/inputs.ts';
import { runRetraining } from './kinds/retraining.ts';
import { runStackedRetraining } from './kinds/stacked-retraining.ts';
import { runTraining } from './kinds/training.ts';
import type { Artifact, Store } from './store.ts';

export interface StepContext {
  readonly store: Store;
  readonly signal: AbortSignal;
  progress(share: number, note?: string): void;
  /** A line for the log of the run, such as a damaged artifact that was found. */
  log(line: string): void;
}

type Runner = (step: Step, inputs: StepInputs, context: StepContext) => Promise<Artifact>;

const RUNNERS: { readonly [K in StepKind]: Runner } = {
  dataset: runDataset,
  training: runTraining,
  attribution: runAttribution,
  retraining: runRetraining,
  'stacked-retraining': runStackedRetraining,
  evaluation: runEvaluation,
};

/** Computes a step's artifact. Errors: whatever its plugin throws; MissingInput where an input is not stored. */
export async function runStep(step: Step, context: StepContext): Promise<Artifact> {
  const inputs = new StepInputs(step, context);
  try {
    const inherited = await inheritedOutcome(step, inputs);
    if (inherited !== undefined) return { outcome: inherited, metadata: null, parts: {} };
    return await RUNNERS[step.kind](step, inputs, context);
  } catch (thrown) {
    if (!isNotApplicable(thrown)) throw thrown;
    return { outcome: { status: 'skipped', reason: thrown.message }, metadata: null, parts: {} };
  } finally {
    inputs.dispose();
  }
}

/** The first input's outcome that is not 'completed', in the order of names. */
async function inheritedOutcome(step: Step, inputs: StepInputs): Promise<StepOutcome | undefined> {
  for (const name of Object.keys(step.inputs).sort()) {
    const { outcome } = await inputs.head(name);
    if (outcome.status !== 'completed') return outcome;
  }
  return undefined;
}
