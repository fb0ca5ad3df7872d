/**
 * Where the moving statistics of batch normalisations move to by what one pass has seen, all at once.
 */
import { packed, unpacked } from '../engine/packed.ts';
import * as tf from '../tfjs.js';
import type { BatchStatistics } from './batch-normalisation.ts';

interface Observation {
  readonly layer: tf.layers.Layer;
  readonly momentum: number;
  readonly seen: BatchStatistics;
}

/** A moving statistic and what it moves to. */
export interface Moved {
  readonly variable: tf.Variable;
  readonly value: tf.Tensor;
}

/** What a pass in training mode has seen. */
export class Observations {
  #waiting: Observation[] = [];

  /** Keeps a batch's statistics, which a pass may free. */
  add(layer: tf.layers.Layer, momentum: number, { mean, variance }: BatchStatistics): void {
    this.#waiting.push({ layer, momentum, seen: { mean: tf.keep(mean), variance: tf.keep(variance) } });
  }

  /**
   * moving = momentum * moving + (1 - momentum) * the batch's: momentum .9 here is .1 in PyTorch.
   *
   * A layer that was passed twice moves twice, in the order of its passes. Each statistic once, always in the same order;
   * nothing is moved yet. The values outlive any tf.tidy: the caller disposes them.
   */
  moved(): Moved[] {
    const values = new Map<tf.Variable, tf.Tensor>();
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
        moveTogether(now, momentum, values);
      } finally {
        free(now);
      }
    }
    return Array.from(values, ([variable, value]) => ({ variable, value }));
  }

  /** Frees what was seen, after a pass that failed. */
  dispose(): void {
    free(this.#waiting);
    this.#waiting = [];
  }
}

function free(observations: readonly Observation[]): void {
  for (const { seen } of observations) tf.dispose([seen.mean, seen.variance]);
}

/** Moves on from what `values` holds of a statistic, or from what it is. */
function moveTogether(
  observations: readonly Observation[],
  momentum: number,
  values: Map<tf.Variable, tf.Tensor>,
): void {
  const pairs = observations.flatMap(({ layer, seen }) =>
    layer.weights.flatMap((variable) => {
      const which = /moving_(mean|variance)$/.exec(variable.originalName)?.[1];
      // What a layer's variable reads is a variable of the engine.
      return which === undefined
        ? []
        : [{ variable: variable.read() as tf.Variable, seen: which === 'mean' ? seen.mean : seen.variance }];
    }),
  );
  tf.tidy(() => {
    const towards = tf.mul(packed(pairs.map(({ seen }) => seen)), 1 - momentum);
    const from = packed(pairs.map(({ variable }) => values.get(variable) ?? variable));
    const parts = unpacked(
      tf.add(tf.mul(from, momentum), towards) as tf.Tensor1D,
      pairs.map(({ seen }) => seen),
    );
    pairs.forEach(({ variable }, i) => {
      values.get(variable)?.dispose();
      values.set(variable, tf.keep(parts[i] as tf.Tensor));
    });
  });
}
