/**
 * Gradient descent with momentum on weights that the engine holds: one step of it, and its memory between steps.
 */
import * as tf from '@tensorflow/tfjs';
import { packed, unpacked } from './packed.ts';

export interface MomentumStep {
  /** L2 penalty times the learning rate. */
  readonly decay: number;
  /** What of the step before is taken again. */
  readonly momentum: number;
}

/** The memory of one descent: what each weight moved by in the step before, nothing at first. */
export interface Momentum {
  /**
   * Moves each weight by minus u, where u = gradient + decay * weight + momentum * (the u before).
   *
   * The gradients come multiplied by the learning rate, in the order of the weights, and may be freed by this. The
   * weights must be the same at every call.
   */
  step(weights: readonly tf.Variable[], gradients: readonly tf.Tensor[], step: MomentumStep): void;
  dispose(): void;
}

/** In operations that every engine has: four passes over the weights, all vectors among them packed into one. */
export class ComposedMomentum implements Momentum {
  #last: readonly tf.Tensor[] = [];

  step(weights: readonly tf.Variable[], gradients: readonly tf.Tensor[], { decay, momentum }: MomentumStep): void {
    tf.tidy(() => {
      const isVector = (_: unknown, i: number) => weights[i]?.rank === 1;
      const vectors = weights.filter(isVector);
      const others = weights.filter((_, i) => !isVector(_, i));
      const values: tf.Tensor[] = [...others];
      const slopes = gradients.filter((_, i) => !isVector(_, i));
      if (vectors.length > 0) {
        values.push(packed(vectors));
        slopes.push(packed(gradients.filter(isVector)));
      }
      const moves = values.map((value, i) => {
        const terms = [slopes[i] as tf.Tensor];
        if (decay > 0) terms.push(tf.mul(value, decay));
        const last = this.#last[i];
        if (last !== undefined && momentum > 0) terms.push(tf.mul(last, momentum));
        return tf.keep(tf.addN(terms));
      });
      const moved = values.map((value, i) => tf.sub(value, moves[i] as tf.Tensor));
      others.forEach((weight, i) => void weight.assign(moved[i] as tf.Tensor));
      if (vectors.length > 0) {
        const parts = unpacked(moved.at(-1) as tf.Tensor1D, vectors);
        vectors.forEach((weight, i) => void weight.assign(parts[i] as tf.Tensor));
      }
      this.dispose();
      this.#last = moves;
    });
  }

  dispose(): void {
    tf.dispose([...this.#last]);
    this.#last = [];
  }
}
