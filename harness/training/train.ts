/**
 * What the training plugins share: initial weights, descent, and the figures of the trained network.
 */
import type { Parameters, TrainedNetwork, TrainingRequest } from '../contracts.ts';
import { UsageError } from '../errors.ts';
import { buildNetwork, weightShapes } from '../network/build.ts';
import { decodeWeights, makeWeights, matchWeights } from '../network/weights.ts';
import { accuracy, robustAccuracy } from './evaluation.ts';
import { type DescentSettings, descend } from './gradient-descent.ts';
import { initialise } from './initialisation.ts';
import type { Adversary } from './pgd.ts';

export interface TrainingPlan {
  readonly settings: DescentSettings;
  /** Makes the training images; null trains on clean images. */
  readonly adversary: Adversary | null;
  /** Measures the trained network on the test split. */
  readonly testAdversary: Adversary;
}

/**
 * Trains a model from its own initial weights; the stream alone decides the outcome.
 *
 * Figures: `testAccuracy`, `robustAccuracy` (test images under `testAdversary`), `trainLoss` and
 * `trainAccuracy` of the last epoch, `epochs`. A diverged training (its loss or a weight is not finite) has
 * `epochs` alone.
 */
export async function trainByDescent(
  request: TrainingRequest<Parameters>,
  { settings, adversary, testAdversary }: TrainingPlan,
): Promise<TrainedNetwork> {
  const { data, model, modelParameters: parameters, stream, signal, progress } = request;
  const architecture = { inputShape: data.shape, classes: data.classes.length, parameters };
  const initial = initialise(model, architecture, stream.derive('initialisation'));
  const built = buildNetwork(model, architecture, initial);
  try {
    const { trainable, network } = built;
    if (trainable === null)
      throw new UsageError(`[attribench] model "${model.id}" is a function: it cannot be trained`);
    if (settings.epochs < 1) throw new UsageError(`[attribench] epochs is ${settings.epochs}, expected at least 1`);
    const { log, status } = await descend({ trainable, data, settings, adversary, stream, signal, progress });
    const final = await trainable.snapshot();
    const last = log.at(-1);
    const finite = final.entries.every(({ data: values }) => values.every(Number.isFinite));
    if (last === undefined || status === 'diverged' || !finite) {
      return { initial, final, log, status: 'diverged', figures: { epochs: log.length } };
    }
    const figures = {
      testAccuracy: await accuracy(network, data.splits.test, data.shape),
      robustAccuracy: await robustAccuracy(network, data.splits.test, data.shape, data.bounds, testAdversary),
      trainLoss: last.loss,
      trainAccuracy: last.accuracy,
      epochs: log.length,
    };
    return { initial, final, log, status, figures };
  } finally {
    built.dispose();
  }
}

/**
 * The user's own weights as a training: no initial weights, no log; figures `testAccuracy` and `robustAccuracy`.
 *
 * `safetensors` is null for a model given as a function, which has no weights.
 *
 * @throws UsageError where the file's names, shapes or number type do not fit the model, or a model with weights gets none.
 */
export async function givenNetwork(
  { data, model, modelParameters: parameters }: TrainingRequest<Parameters>,
  safetensors: Uint8Array | null,
  testAdversary: Adversary,
): Promise<TrainedNetwork> {
  const architecture = { inputShape: data.shape, classes: data.classes.length, parameters };
  const entries =
    safetensors === null ? [] : matchWeights(decodeWeights(safetensors), weightShapes(model, architecture));
  const final = makeWeights(entries);
  const built = buildNetwork(model, architecture, safetensors === null ? null : final);
  try {
    if (safetensors === null && built.trainable !== null) {
      throw new UsageError(
        `[attribench] model "${model.id}" has weights and was given none, expected a .safetensors file`,
      );
    }
    const figures = {
      testAccuracy: await accuracy(built.network, data.splits.test, data.shape),
      robustAccuracy: await robustAccuracy(built.network, data.splits.test, data.shape, data.bounds, testAdversary),
    };
    return { initial: null, final, log: [], status: 'given', figures };
  } finally {
    built.dispose();
  }
}
