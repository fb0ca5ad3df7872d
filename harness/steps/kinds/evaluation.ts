/** The evaluation step: a function of a check over maps, networks and data; its output is JSON. */
import type { EvaluationInputs, Parameters, Step } from '../../contracts.ts';
import { canonicalJson } from '../../fingerprint.ts';
import { Stream } from '../../random.ts';
import type { StepContext } from '../run-step.ts';
import type { Artifact } from '../store.ts';
import type { EvaluationNetwork, StepInputs } from './inputs.ts';

interface EvaluationSettings {
  readonly evaluation: string;
  readonly options: Parameters;
}

export async function runEvaluation(step: Step, inputs: StepInputs, context: StepContext): Promise<Artifact> {
  const check = await inputs.plugin('check', 'check');
  const { evaluation: name, options } = step.parameters.step as unknown as EvaluationSettings;
  const evaluation = check.evaluations[name];
  if (evaluation === undefined) {
    const known = Object.keys(check.evaluations).join(', ');
    throw new Error(`[attribench] check ${check.id}: no evaluation "${name}"; it has ${known}`);
  }
  const opened: EvaluationInputs = {
    dataset: (input) => inputs.dataset(input),
    network: async (input, weights) => (await inputs.network(input, weights)).network as EvaluationNetwork,
    training: (input) => inputs.training(input),
    maps: (input) => inputs.maps(input),
    predictions: (input) => inputs.predictions(input),
    value: async (input) => (await inputs.head(input)).metadata,
  };
  const value = await evaluation(opened, {
    check: step.parameters.check ?? {},
    parameters: options,
    stream: new Stream(step.stream),
    signal: context.signal,
    progress: (share) => context.progress(share),
  });
  // Throws on NaN and Infinity, which JSON would turn into null without a word.
  canonicalJson(value);
  return { outcome: { status: 'completed' }, metadata: value, parts: {} };
}
