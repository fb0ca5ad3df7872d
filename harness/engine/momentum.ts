/**
 * Gradient descent with momentum on weights that the engine holds: one step of it, and its memory between steps.
 */
import * as tf from '@tensorflow/tfjs';

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

/** In operations that every engine has: four passes over the weights. */
export class ComposedMomentum implements Momentum {
  #last: readonly tf.Tensor[] = [];

  step(weights: readonly tf.Variable[], gradients: readonly tf.Tensor[], { decay, momentum }: MomentumStep): void {
    tf.tidy(() => {
      const moves = weights.map((weight, i) => {
        const terms = [gradients[i] as tf.Tensor];
        if (decay > 0) terms.push(tf.mul(weight, decay));
        const last = this.#last[i];
        if (last !== undefined && momentum > 0) terms.push(tf.mul(last, momentum));
        return tf.keep(tf.addN(terms));
      });
      weights.forEach((weight, i) => void weight.assign(tf.sub(weight, moves[i] as tf.Tensor)));
      this.dispose();
      this.#last = moves;
    });
  }

  dispose(): void {
    tf.dispose([...this.#last]);
    this.#last = [];
  }
}
