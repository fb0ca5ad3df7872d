/** One epoch of batches by the real training loop, clean or adversarial, on the current engine. */
import { type DatasetContent, type ImageShape, stream } from 'attribench';
import { type DescentSettings, descend } from '../../../harness/training/gradient-descent.ts';
import type { Adversary } from '../../../harness/training/pgd.ts';
import { readNetworkFile, timedNetwork } from './networks.ts';
import type { ContestJob, PreparedJob } from './prepare.ts';

export interface TrainingJob extends ContestJob {
  readonly kind: 'training';
  readonly batch: number;
  readonly steps: number;
  readonly settings: { readonly [name in keyof DescentSettings]: DescentSettings[name] };
  readonly adversary: { readonly [name in keyof Adversary]: Adversary[name] } | null;
}

export async function training({
  network: id,
  classes,
  file,
  batch,
  steps,
  settings,
  adversary,
}: TrainingJob): Promise<PreparedJob> {
  const { build, images } = await readNetworkFile(id, file);
  const { trainable, dispose } = build();
  if (trainable === null) throw new Error(`[attribench] ${id} cannot be trained`);
  const data = trainingData(timedNetwork(id).inputShape, repeated(images, id, batch * steps), classes);
  const signal = new AbortController().signal;
  return {
    run: async () => {
      const numbers = stream('performance', 'training', id);
      await descend({ trainable, data, settings, adversary, stream: numbers, signal, progress: () => {} });
    },
    dispose,
  };
}

/** `count` images, those given over and over. */
export function repeated(images: Float32Array, id: string, count: number): Float32Array {
  const [height, width, channels] = timedNetwork(id).inputShape;
  const values = new Float32Array(count * height * width * channels);
  for (let from = 0; from < values.length; from += images.length) {
    values.set(images.subarray(0, values.length - from), from);
  }
  return values;
}

/** Images of classes in turn as a data set; its test split is its training split. */
export function trainingData(shape: ImageShape, images: Float32Array, classes: number): DatasetContent {
  const count = images.length / (shape[0] * shape[1] * shape[2]);
  const split = { images, labels: Int32Array.from({ length: count }, (_, i) => i % classes) };
  return {
    shape,
    classes: Array.from({ length: classes }, (_, i) => String(i)),
    bounds: { low: 0, high: 1 },
    splits: { train: split, validation: split, test: split },
  };
}
