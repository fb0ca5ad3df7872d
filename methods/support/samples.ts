/**
 * Loops over perturbed copies of a batch in blocks of bounded size.
 *
 * A method with S samples an image would need S times the memory of the batch; a block holds about
 * as many images whatever S is. Before each block the loop gives way to the event loop, since a
 * synchronous one would never see the abort signal.
 */
import { setImmediate } from 'node:timers/promises';
import { type LogitsNetwork, tf, UsageError } from 'attribench';

/** Images that one network call holds at most, unless the batch itself is larger. */
export const ROWS = 256;

/** The same of a network that begins with a dense layer: its products gain by more rows, and its inner values are small. */
export const DENSE_ROWS = 2048;

/** Values that the images of a block hold at most, 16 MiB, unless ROWS of them hold more. */
const DENSE_VALUES = 2 ** 22;

/** Images that one call of the network holds at most: ROWS, or for one with a dense stem from ROWS to DENSE_ROWS. */
export function rowsFor(network: Pick<LogitsNetwork, 'denseStem' | 'inputShape'>): number {
  if (network.denseStem === undefined) return ROWS;
  const [height, width, channels] = network.inputShape;
  const fitting = Math.floor(DENSE_VALUES / (height * width * channels));
  return Math.max(ROWS, Math.min(DENSE_ROWS, fitting));
}

/** The part of an attribution request that a loop needs. */
export interface Batch {
  readonly network: LogitsNetwork;
  readonly images: tf.Tensor4D;
  readonly signal: AbortSignal;
  progress(share: number): void;
}

/**
 * The sum over `samples` perturbed copies of the batch.
 *
 * `partial(first, count)` returns the sum over samples first .. first + count - 1, in a tidy of its
 * own; it is called in order, with count * n <= rowsFor(network) where that leaves at least one sample.
 */
export async function sumOverSamples<T extends tf.Tensor>(
  batch: Batch,
  samples: number,
  partial: (first: number, count: number) => T,
): Promise<T> {
  const block = Math.max(1, Math.floor(rowsFor(batch.network) / batch.images.shape[0]));
  let total: T | undefined;
  try {
    for (let first = 0; first < samples; first += block) {
      await setImmediate();
      batch.signal.throwIfAborted();
      const count = Math.min(block, samples - first);
      const sum = tf.tidy(() => {
        const part = partial(first, count);
        return total === undefined ? part : (tf.add(total, part) as T);
      });
      total?.dispose();
      total = sum;
      batch.progress((first + count) / samples);
    }
  } catch (thrown) {
    total?.dispose();
    throw thrown;
  }
  if (total === undefined) throw new RangeError(`[attribench] sum over ${samples} samples, expected at least one`);
  return total;
}

/** sum over s of weights[s] * values[s n + i], as one matrix product: [count n, ...] to [n, ...]. */
export function weightedSum<T extends tf.Tensor>(values: T, weights: Float32Array): T {
  const [rows = 0, ...shape] = values.shape;
  const sum = tf.matMul(tf.tensor2d(weights, [1, weights.length]), values.reshape([weights.length, -1]));
  return tf.reshape(sum, [rows / weights.length, ...shape]) as T;
}

/** The parameter's value; UsageError unless it is an integer from 1. */
export function positiveInteger(method: string, parameter: string, value: number): number {
  if (!Number.isInteger(value) || value < 1) {
    throw new UsageError(`[attribench] method "${method}": ${parameter} is ${value}, expected an integer from 1`);
  }
  return value;
}
