/** A part of a DiffROAR grid on the current engine: trainings from scratch on masked images, and their predictions. */
import { stream } from 'attribench';
import { predict } from '../../../harness/training/evaluation.ts';
import { type DescentSettings, descend } from '../../../harness/training/gradient-descent.ts';
import { readNetworkFile, timedNetwork } from './networks.ts';
import type { ContestJob, PreparedJob } from './prepare.ts';
import { repeated, trainingData } from './training.ts';

export interface RetrainingsJob extends ContestJob {
  readonly kind: 'retrainings';
  readonly images: number;
  readonly batch: number;
  readonly epochs: number;
  readonly settings: { readonly [name in keyof DescentSettings]: DescentSettings[name] };
  /** Shares unmasked, and whether the highest or the lowest values of a random map are. */
  readonly grid: readonly (readonly [level: number, side: string])[];
}

export async function retrainings(job: RetrainingsJob): Promise<PreparedJob> {
  const { network: id, classes, file, images: count, settings, grid } = job;
  const { build, images: values, references } = await readNetworkFile(id, file);
  const [images, scores] = [repeated(values, id, count), repeated(references, id, count)];
  const signal = new AbortController().signal;
  return {
    run: async () => {
      for (const [level, side] of grid) {
        const masked = maskedImages(images, scores, level, side);
        const data = trainingData(timedNetwork(id).inputShape, masked, classes);
        const network = build();
        try {
          if (network.trainable === null) throw new Error(`[attribench] ${id} cannot be trained`);
          const numbers = stream('performance', 'retraining', level, side);
          const { trainable } = network;
          await descend({ trainable, data, settings, adversary: null, stream: numbers, signal, progress: () => {} });
          await predict(network.network, data.splits.test, data.shape);
        } finally {
          network.dispose();
        }
      }
    },
    dispose: () => {},
  };
}

/** The images where the score is among the `level` lowest ('top') or highest, else 0. */
function maskedImages(images: Float32Array, scores: Float32Array, level: number, side: string): Float32Array {
  const [low, high] = side === 'top' ? [0, level] : [1 - level, Number.POSITIVE_INFINITY];
  const masked = new Float32Array(images.length);
  for (let k = 0; k < masked.length; k++) {
    const score = scores[k] as number;
    // A product, since no processor guesses such branches.
    masked[k] = (images[k] as number) * (Number(score >= low) & Number(score < high));
  }
  return masked;
}
