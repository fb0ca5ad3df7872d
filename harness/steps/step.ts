/**
 * Making steps: the key that names a step's output by all that determines it.
 */
import type { Step, StepAddress, StepKind } from '../contracts.ts';
import { fingerprint } from '../fingerprint.ts';

/**
 * Raised when the harness's own part of a step kind changes its output.
 * Plugins carry their own revision and code hash.
 */
export const STEP_REVISIONS: { readonly [K in StepKind]: number } = {
  dataset: 1,
  training: 1,
  attribution: 1,
  retraining: 1,
  'stacked-retraining': 1,
  evaluation: 1,
};

/** The kinds of steps, in the order in which a run comes to them. */
export const STEP_KINDS = Object.keys(STEP_REVISIONS) as readonly StepKind[];

/** A step with its key: the SHA-256 of everything but module URLs, label and cost. */
export function makeStep(parts: Omit<Step, 'key'>): Step {
  const { kind, plugins, parameters, inputs, stream, engine } = parts;
  const identities = Object.fromEntries(
    Object.entries(plugins).map(([role, { id, revision, code }]) => [role, { id, revision, code }]),
  );
  const key = fingerprint({
    kind,
    revision: STEP_REVISIONS[kind],
    plugins: identities,
    parameters,
    inputs,
    stream,
    engine,
  });
  return Object.freeze({ ...parts, key });
}

/** Where a step's artifact lies in the store. */
export function addressOf({ kind, key }: Step): StepAddress {
  return { kind, key };
}
