/** A whole small DiffROAR grid on the current engine: models trained, explained, and retrained on what their maps keep. */
import { type DatasetContent, maskedSplit, type Stream, stream, tf } from 'attribench';
import type { AttributionMaps } from '../../../harness/contracts.ts';
import { batchTensor } from '../../../harness/data/batches.ts';
import { buildNetwork } from '../../../harness/network/build.ts';
import { classLogit } from '../../../harness/network/objectives.ts';
import { coordinateRanking } from '../../../harness/removal/rankings.ts';
import { type DescentSettings, descend } from '../../../harness/training/gradient-descent.ts';
import { initialise } from '../../../harness/training/initialisation.ts';
import { retrain } from '../../../harness/training/retrain.ts';
import { readNetworkFile, timedNetwork } from './networks.ts';
import type { ContestJob, PreparedJob } from './prepare.ts';
import { repeated, trainingData } from './training.ts';

export interface DiffroarJob extends ContestJob {
  readonly kind: 'diffroar';
  /** Images that each network is trained on, explained on and predicts. */
  readonly images: number;
  /** Trainings with seeds of their own. */
  readonly models: number;
  /** Shares kept; each is one retraining on the top and one on the bottom. */
  readonly levels: readonly number[];
  readonly settings: { readonly [name in keyof DescentSettings]: DescentSettings[name] };
}

const SIDES = ['top', 'bottom'] as const;
const BATCH = 128;
const running = { signal: new AbortController().signal, progress: () => {} };

export async function diffroar(job: DiffroarJob): Promise<PreparedJob> {
  const { network: id, classes, file, images, models } = job;
  const { images: values } = await readNetworkFile(id, file);
  const data = trainingData(timedNetwork(id).inputShape, repeated(values, id, images), classes);
  return {
    run: async () => {
      for (let model = 0; model < models; model++) await oneModel(job, data, stream('performance', 'diffroar', model));
    },
    dispose: () => {},
  };
}

async function oneModel(
  { network: id, settings, levels }: DiffroarJob,
  data: DatasetContent,
  numbers: Stream,
): Promise<void> {
  const { model, parameters: modelParameters } = timedNetwork(id);
  const maps = await trainedMaps(id, data, settings, numbers.derive('model'));
  const ties = numbers.derive('ties');
  const rank = coordinateRanking('image', maps, ties);
  for (const level of levels) {
    for (const side of SIDES) {
      const masking = { level, side, removal: 'zero', input: 'image' } as const;
      const ranked = (image: number) => rank(maps, 'train', image);
      const train = maskedSplit(data, 'train', ranked, masking, ties.derive('removed'));
      await retrain({
        ...running,
        data: { ...data, splits: { train, validation: train, test: train } },
        widthShape: data.shape,
        model,
        modelParameters,
        settings,
        stream: numbers.derive('retraining', level, side),
      });
    }
  }
}

/** Trains a model and returns the input gradients of the images that it was trained on. */
async function trainedMaps(
  id: string,
  data: DatasetContent,
  settings: DescentSettings,
  numbers: Stream,
): Promise<AttributionMaps> {
  const { model, parameters } = timedNetwork(id);
  const { shape, splits } = data;
  const architecture = { inputShape: shape, classes: data.classes.length, parameters };
  const initial = initialise(model, architecture, numbers.derive('initialisation'));
  const { trainable, network, dispose } = buildNetwork(model, architecture, initial);
  try {
    if (trainable === null) throw new Error(`[attribench] ${id} cannot be trained`);
    await descend({ ...running, trainable, data, settings, adversary: null, stream: numbers });
    const count = splits.train.labels.length;
    const size = shape[0] * shape[1] * shape[2];
    const [values, explained] = [new Float32Array(count * size), new Int32Array(count)];
    for (let from = 0; from < count; from += BATCH) {
      const indices = Array.from({ length: Math.min(BATCH, count - from) }, (_, i) => from + i);
      const images = batchTensor(splits.train, shape, indices);
      const classes = tf.tidy(() => tf.argMax(network.logits(images), 1).toInt() as tf.Tensor1D);
      const map = network.inputGradient(images, classLogit(classes));
      values.set(await map.data<'float32'>(), from * size);
      explained.set(await classes.data<'int32'>(), from);
      tf.dispose([images, classes, map]);
    }
    return { shape, rank: 'magnitude', values, classes: explained };
  } finally {
    dispose();
  }
}
