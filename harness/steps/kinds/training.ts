/** The training step: a model trained once; keeps initial and final weights, the log and the figures. */
import type { Json, Step, StepOutcome, TrainedNetwork } from '../../contracts.ts';
import { encodeWeights } from '../../network/weights.ts';
import { Stream } from '../../random.ts';
import type { StepContext } from '../run-step.ts';
import type { Artifact } from '../store.ts';
import type { StepInputs, TrainingMetadata } from './inputs.ts';

export async function runTraining(step: Step, inputs: StepInputs, context: StepContext): Promise<Artifact> {
  const training = await inputs.plugin('training', 'training');
  const data = await inputs.dataset('data');
  const trained = await training.train({
    data,
    model: await inputs.plugin('model', 'model'),
    modelParameters: step.parameters.model ?? {},
    parameters: step.parameters.training ?? {},
    stream: new Stream(step.stream),
    signal: context.signal,
    progress: context.progress,
  });
  const { initial, final, log, status, figures } = trained;
  const metadata: TrainingMetadata = { inputShape: data.shape, classes: data.classes.length, status, log, figures };
  return {
    outcome: outcomeOf(trained),
    metadata: metadata as unknown as Json,
    parts: { final: encodeWeights(final), ...(initial === null ? {} : { initial: encodeWeights(initial) }) },
  };
}

/** Runs that diverged or never learned keep their log, but nothing is computed from them. */
function outcomeOf({ status, log }: TrainedNetwork): StepOutcome {
  const epochs = `after ${log.length} epochs`;
  if (status === 'diverged') return { status: 'excluded', reason: `training diverged ${epochs}` };
  if (status === 'stuck') return { status: 'excluded', reason: `training never left ln(classes) ${epochs}` };
  return { status: 'completed' };
}
