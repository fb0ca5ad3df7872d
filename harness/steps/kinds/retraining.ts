/**
 * The retraining step: the model trained anew on masked images; keeps the predicted class of each test image.
 *
 * Ties and what is put in for removed coordinates have streams of their own, one an image, which are the
 * same for all methods, levels and sides; the step's stream gives initial weights and the order of batches.
 */
import type { DatasetContent, Json, Masking, Step, StepOutcome } from '../../contracts.ts';
import { inMemory } from '../../data/batches.ts';
import { encodeSafetensors } from '../../formats/safetensors.ts';
import { Stream } from '../../random.ts';
import { maskedShape, maskedSplit, type RankImage } from '../../removal/masked-split.ts';
import { coordinateRanking } from '../../removal/rankings.ts';
import type { DescentSettings } from '../../training/gradient-descent.ts';
import { type RetrainedNetwork, retrain } from '../../training/retrain.ts';
import type { StepContext } from '../run-step.ts';
import type { Artifact } from '../store.ts';
import { predictionsPart, type StepInputs } from './inputs.ts';

/** The parameters of a retraining under 'step'. */
export interface RetrainingSettings extends Masking {
  readonly descent: DescentSettings;
  /** The names of the stream of ties. */
  readonly ties: readonly Json[];
}

/** What a retraining step keeps beside its predictions. */
interface RetrainingMetadata {
  readonly status: RetrainedNetwork['status'];
  readonly log: RetrainedNetwork['log'];
  readonly figures: { readonly [name: string]: number };
}

export async function runRetraining(step: Step, inputs: StepInputs, context: StepContext): Promise<Artifact> {
  const { descent, ties, ...masking } = step.parameters.step as unknown as RetrainingSettings;
  const data = inMemory(await inputs.dataset('data'));
  const masked = await maskedContent(data, masking, new Stream(ties), inputs);
  const { status, log, predictions } = await retrain({
    data: masked,
    widthShape: data.shape,
    model: await inputs.plugin('model', 'model'),
    modelParameters: step.parameters.model ?? {},
    settings: descent,
    stream: new Stream(step.stream),
    signal: context.signal,
    progress: context.progress,
  });
  const { outcome, metadata, encoded } = retrained({ status, log, predictions }, data.splits.test.labels);
  return { outcome, metadata, parts: encoded === null ? {} : { [predictionsPart()]: encoded } };
}

/** What one retrained network leaves: how it ended, its facts, its predictions encoded; null where it diverged. */
export function retrained({ status, log, predictions }: RetrainedNetwork, labels: Int32Array) {
  if (predictions === null) return { outcome: diverged(log.length), metadata: facts(status, log, {}), encoded: null };
  const right = predictions.reduce((count, predicted, i) => count + (predicted === labels[i] ? 1 : 0), 0);
  const outcome: StepOutcome = { status: 'completed' };
  return {
    outcome,
    metadata: facts(status, log, { testAccuracy: right / labels.length }),
    encoded: encodeSafetensors([{ name: 'classes', shape: [predictions.length], data: predictions }]),
  };
}

function facts(
  status: RetrainingMetadata['status'],
  log: RetrainingMetadata['log'],
  figures: RetrainingMetadata['figures'],
): Json {
  const metadata: RetrainingMetadata = { status, log, figures };
  return metadata as unknown as Json;
}

/**
 * A retraining that diverged excludes the training behind it. One that never left ln(classes) stays: what the
 * mask left may tell nothing, and chance is then the right answer.
 */
function diverged(epochs: number): StepOutcome {
  return { status: 'excluded', reason: `a retraining diverged after ${epochs} epochs` };
}

/** The data set as the retrained network sees it; its validation split, which nothing uses, is the test split. */
export async function maskedContent(
  data: DatasetContent,
  masking: Masking,
  ties: Stream,
  inputs: Pick<StepInputs, 'maps'>,
): Promise<DatasetContent> {
  const ranking = await rankingOf(masking, ties, inputs);
  const noise = ties.derive('removed');
  const train = maskedSplit(data, 'train', ranking('train'), masking, noise);
  const test = maskedSplit(data, 'test', ranking('test'), masking, noise);
  return { ...data, shape: maskedShape(data.shape, masking.input), splits: { train, validation: test, test } };
}

/** The order of an image's coordinates, by split and image. */
async function rankingOf(
  { level, ranking }: Masking,
  ties: Stream,
  inputs: Pick<StepInputs, 'maps'>,
): Promise<(split: 'train' | 'test') => RankImage> {
  if (level === 1) return () => () => refuseRanking();
  const maps = { train: await inputs.maps('train'), test: await inputs.maps('test') };
  const rank = coordinateRanking(ranking, maps.train, ties);
  return (split) => (image) => rank(maps[split], split, image);
}

function refuseRanking(): never {
  throw new Error('[attribench] nothing is removed at level 1, and no image is ranked');
}
