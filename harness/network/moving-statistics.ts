/**
 * The moving statistics of batch normalisations, all moved at once by what one pass has seen.
 */
import * as tf from '@tensorflow/tfjs';
import { packed, unpacked } from '../engine/packed.ts';
import type { BatchStatistics } from './batch-normalisation.ts';

interface Observation {
  readonly layer: tf.layers.Layer;
  readonly momentum: number;
  readonly seen: BatchStatistics;
}

/** What a pass in training mode has seen, kept until `move`. */
export class Observations {
  #waiting: Observation[] = [];

  /** Keeps a batch's statistics, which a pass may free. */
  add(layer: tf.layers.Layer, momentum: number, { mean, variance }: BatchStatistics): void {
    this.#waiting.push({ layer, momentum, seen: { mean: tf.keep(mean), variance: tf.keep(variance) } });
  }

  /**
   * moving = momentum * moving + (1 - momentum) * the batch's: momentum .9 here is .1 in PyTorch.
   *
   * A layer that was passed twice moves twice, in the order of its passes.
   */
  move(): void {
    while (this.#waiting.length > 0) {
      const { momentum } = this.#waiting[0] as Observation;
      const layers = new Set<tf.layers.Layer>();
      const [now, later]: [Observation[], Observation[]] = [[], []];
      for (const one of this.#waiting) {
        const first = one.momentum === momentum && !layers.has(one.layer);
        (first ? now : later).push(one);
        layers.add(one.layer);
      }
      this.#waiting = later;
      try {
        moveTogether(now, momentum);
      } finally {
        free(now);
      }
    }
  }

  /** Frees what was not moved, after a pass that failed. */
  dispose(): void {
    free(this.#waiting);
    this.#waiting = [];
  }
}

function free(observations: readonly Observation[]): void {
  for (const { seen } of observations) tf.dispose([seen.mean, seen.variance]);
}

function moveTogether(observations: readonly Observation[], momentum: number): void {
  const pairs = observations.flatMap(({ layer, seen }) =>
    layer.weights.flatMap((variable) => {
      const which = /moving_(mean|variance)$/.exec(variable.originalName)?.[1];
      return which === undefined ? [] : [{ variable, value: which === 'mean' ? seen.mean : seen.variance }];
    }),
  );
  tf.tidy(() => {
    const values = pairs.map(({ value }) => value);
    const towards = tf.mul(packed(values), 1 - momentum);
    const moved = tf.add(tf.mul(packed(pairs.map(({ variable }) => variable.read())), momentum), towards);
    const parts = unpacked(moved as tf.Tensor1D, values);
    pairs.forEach(({ variable }, i) => void variable.write(parts[i] as tf.Tensor));
  });
}
