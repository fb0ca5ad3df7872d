/**
 * Retraining: a network trained from scratch on images that were masked, and what it predicts of the test images.
 *
 * Always plain training, whatever trained the model that was explained, and always all epochs: top and
 * bottom train equally long, and what is kept is the end, not the best moment on the test images.
 */
import type { DatasetContent, EpochLog, ImageShape, Model, Parameters } from '../contracts.ts';
import { UsageError } from '../errors.ts';
import { buildNetwork } from '../network/build.ts';
import type { Stream } from '../random.ts';
import { predict } from './evaluation.ts';
import { DESCENT, type Descent, type DescentSettings, descend } from './gradient-descent.ts';
import { initialise } from './initialisation.ts';

/** Defaults of a retraining: those of every training, eight epochs (our choice), and no stop before their end. */
export const RETRAINING: DescentSettings = Object.freeze({ ...DESCENT, epochs: 8, stopBelow: 0 });

/** The settings of a retraining with some replaced. Errors: UsageError for what is no setting, or an early stop. */
export function retrainingSettings(chosen: Parameters): DescentSettings {
  for (const [name, value] of Object.entries(chosen)) {
    if (!(name in RETRAINING) || name === 'stopBelow') {
      const known = Object.keys(RETRAINING).filter((setting) => setting !== 'stopBelow');
      throw new UsageError(`[attribench] retraining: setting "${name}" is unknown, expected ${known.join(', ')}`);
    }
    const like = RETRAINING[name as keyof DescentSettings];
    if (typeof value !== typeof like || (typeof value === 'number' && !(value >= 0))) {
      const expected = typeof like === 'number' ? 'a number from 0' : `a ${typeof like}`;
      throw new UsageError(`[attribench] retraining: ${name} is ${JSON.stringify(value)}, expected ${expected}`);
    }
  }
  const settings: DescentSettings = { ...RETRAINING, ...chosen };
  if (!Number.isInteger(settings.epochs) || settings.epochs < 1) {
    throw new UsageError(`[attribench] retraining: epochs is ${settings.epochs}, expected an integer from 1`);
  }
  return settings;
}

export interface RetrainingRequest {
  /** The masked data set, in the shape that the network sees. */
  readonly data: DatasetContent;
  /** The shape of the images before masking, which decides the network's widths. */
  readonly widthShape: ImageShape;
  readonly model: Model;
  readonly modelParameters: Parameters;
  readonly settings: DescentSettings;
  readonly stream: Stream;
  readonly signal: AbortSignal;
  progress(share: number, note?: string): void;
}

export interface RetrainedNetwork {
  readonly status: Descent['status'];
  readonly log: readonly EpochLog[];
  /** Predicted class of each test image; null where the training diverged. */
  readonly predictions: Int32Array | null;
}

/** Trains from scratch on the training split, predicts the test split, and keeps no weights. */
export async function retrain(request: RetrainingRequest): Promise<RetrainedNetwork> {
  const { data, widthShape, model, modelParameters: parameters, settings, stream, signal, progress } = request;
  const architecture = { inputShape: data.shape, classes: data.classes.length, parameters, widthShape };
  const initial = initialise(model, architecture, stream.derive('initialisation'));
  const { trainable, network, dispose } = buildNetwork(model, architecture, initial);
  try {
    if (trainable === null) {
      throw new UsageError(`[attribench] model "${model.id}" is a function: it cannot be retrained`);
    }
    const { status, log } = await descend({ trainable, data, settings, adversary: null, stream, signal, progress });
    if (status === 'diverged' || !(await isSound(trainable))) return { status: 'diverged', log, predictions: null };
    return { status, log, predictions: await predict(network, data.splits.test, data.shape) };
  } finally {
    dispose();
  }
}

async function isSound({ variables }: { readonly variables: readonly { data(): Promise<ArrayLike<number>> }[] }) {
  for (const variable of variables) {
    const values = await variable.data();
    for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) return false;
  }
  return true;
}
