/**
 * Stochastic gradient descent of R networks at once, each as `descend` would train it alone.
 *
 * Each network has weights, images, an order of batches and optimiser state of its own; the number of images, the
 * settings and so the learning rates are shared. One that diverges is computed on to the others' end, for nothing.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { EpochLog } from '../contracts.ts';
import { crossEntropy } from '../network/objectives.ts';
import type { Stream } from '../random.ts';
import * as tf from '../tfjs.js';
import {
  type Descent,
  type DescentSettings,
  Optimiser,
  type Pass,
  READ_EVERY,
  statusAtEnd,
} from './gradient-descent.ts';
import { learningRateAt } from './schedule.ts';
import type { StackedBatch, StackedBatches } from './stacked-batches.ts';
import type { StackedNetwork } from './stacked-network.ts';

export interface StackedDescentRequest {
  readonly network: StackedNetwork;
  readonly batches: StackedBatches;
  /** Training images of each network. */
  readonly count: number;
  readonly classes: number;
  /** Nothing may be augmented, and no training may end before its last epoch. */
  readonly settings: DescentSettings;
  /** Of each network: gives its order of batches. */
  readonly streams: readonly Stream[];
  readonly signal: AbortSignal;
  progress(share: number, note?: string): void;
}

/** Trains in place; how each network's descent went, in their order. Throws the signal's reason when aborted. */
export async function descendStacked(request: StackedDescentRequest): Promise<Descent[]> {
  const { network, batches, count, classes, settings, streams, signal, progress } = request;
  const steps = Math.ceil(count / settings.batchSize);
  const optimiser = new Optimiser({ ...network, statistics: [] }, settings, (inputs) =>
    pass(network, batches.batch(inputs)),
  );
  const runs = streams.map(() => ({ log: [] as EpochLog[], diverged: false }));
  let sums: tf.Tensor2D[] = [];
  try {
    for (let epoch = 0; epoch < settings.epochs && runs.some(({ diverged }) => !diverged); epoch++) {
      const orders = streams.map((stream) => stream.derive('order', epoch).permutation(count));
      const totals = runs.map(() => ({ loss: 0, right: 0 }));
      let learningRate = 0;
      for (let step = 0; step < steps; step++) {
        await nextTurn();
        signal.throwIfAborted();
        learningRate = learningRateAt(settings, epoch, step, steps);
        const from = step * settings.batchSize;
        const indices = orders.map((order) => order.subarray(from, from + settings.batchSize));
        const report = tf.tidy(() => optimiser.step(learningRate, batches.inputs(indices)));
        sums.push(report as tf.Tensor2D);
        if (sums.length === READ_EVERY || step === steps - 1) {
          await addTo(totals, sums);
          tf.dispose(sums);
          sums = [];
        }
        progress((epoch + (step + 1) / steps) / settings.epochs);
      }
      runs.forEach((run, r) => {
        const { loss, right } = totals[r] as Totals;
        run.diverged ||= !Number.isFinite(loss);
        if (!run.diverged) {
          run.log.push({ epoch: epoch + 1, learningRate, loss: loss / count, accuracy: right / count });
        }
      });
      progress((epoch + 1) / settings.epochs, noteOn(epoch, runs));
    }
  } finally {
    optimiser.dispose();
    tf.dispose(sums);
  }
  return runs.map(({ log, diverged }) => ({ log, status: diverged ? 'diverged' : statusAtEnd(log, classes) }));
}

/** The pass of one step of all networks; it reports [sums of cross-entropies, numbers right] of their batches, [2, R]. */
function pass(network: StackedNetwork, { rows, labels }: StackedBatch): Pass {
  const [networks, images] = rows.shape;
  return {
    forward: () => {
      const logits = network.logits(rows);
      const flat = tf.reshape<tf.Rank.R2>(logits, [networks * images, -1]);
      const byNetwork = (values: tf.Tensor) => tf.reshape<tf.Rank.R2>(values, [networks, images]);
      const losses = byNetwork(crossEntropy(labels)(flat));
      const right = byNetwork(tf.cast(tf.equal(tf.argMax(flat, 1), labels), 'float32'));
      return {
        mean: tf.sum(tf.mean(losses, 1)),
        report: tf.stack([tf.sum(losses, 1), tf.sum(right, 1)]),
        moved: [],
      };
    },
  };
}

interface Totals {
  /** Sum of cross-entropies. */
  loss: number;
  right: number;
}

async function addTo(totals: readonly Totals[], sums: readonly tf.Tensor2D[]): Promise<void> {
  const summed = tf.tidy(() => tf.stack([...sums]));
  const values = await summed.data();
  summed.dispose();
  for (let step = 0; step < sums.length; step++) {
    totals.forEach((total, r) => {
      total.loss += values[(2 * step + 0) * totals.length + r] as number;
      total.right += values[(2 * step + 1) * totals.length + r] as number;
    });
  }
}

function noteOn(
  epoch: number,
  runs: readonly { readonly log: readonly EpochLog[]; readonly diverged: boolean }[],
): string {
  const losses = runs.flatMap(({ log, diverged }) => (diverged ? [] : (log.at(-1)?.loss ?? [])));
  const mean = losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
  return losses.length === 0 ? `epoch ${epoch + 1}, diverged` : `epoch ${epoch + 1}, mean loss ${mean.toPrecision(3)}`;
}
