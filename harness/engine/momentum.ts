/**
 * Gradient descent with momentum on weights that the engine holds: one step of it, and its memory between steps.
 */
import * as tf from '../tfjs.js';
import { packed, unpacked } from './packed.ts';

export interface MomentumStep {
  /** L2 penalty times the learning rate. */
  readonly decay: number;
  /** What of the step before is taken again. */
  readonly momentum: number;
}

/** The memory of one descent as an engine has it of its own: what each weight moved by in the step before, nothing at first. */
export interface Momentum {
  /** Whether a weight is worth it; others are moved by composed operations. */
  takes(weight: tf.Tensor): boolean;
  /**
   * Moves each weight by minus u, where u = gradient + decay * weight + momentum * (the u before).
   *
   * The gradients come multiplied by the learning rate, in the order of the weights, and may be freed by this. The
   * weights must be the same at every call.
   */
  step(weights: readonly tf.Variable[], gradients: readonly tf.Tensor[], step: MomentumStep): void;
  dispose(): void;
}

/** A step's numbers on the engine; null of a term that every step of a descent is without. */
export interface ComposedStep {
  readonly decay: tf.Tensor | null;
  readonly momentum: tf.Tensor | null;
}

/** The memory of weights before their first composed step, for the caller to dispose: of each matrix, and of all vectors together. */
export function composedMemory(weights: readonly tf.Tensor[]): tf.Tensor[] {
  const matrices = weights.filter((weight) => !isVector(weight));
  const vectors = weights.filter(isVector);
  const shapes = matrices.map(({ shape }) => shape);
  if (vectors.length > 0) shapes.push([vectors.reduce((sum, { size }) => sum + size, 0)]);
  return shapes.map((shape) => tf.zeros(shape));
}

/**
 * The same step in operations that every engine has, a computation: four passes over the weights, all vectors among them
 * packed into one.
 *
 * `memory` is the one of the step before; both results are for the caller to dispose.
 */
export function composedStep(
  weights: readonly tf.Tensor[],
  gradients: readonly tf.Tensor[],
  memory: readonly tf.Tensor[],
  { decay, momentum }: ComposedStep,
): { readonly moved: tf.Tensor[]; readonly memory: tf.Tensor[] } {
  const values = joined(weights, weights);
  const slopes = joined(gradients, weights);
  const moves = values.map((value, i) => {
    const terms = [slopes[i] as tf.Tensor];
    if (decay !== null) terms.push(tf.mul(value, decay));
    if (momentum !== null) terms.push(tf.mul(memory[i] as tf.Tensor, momentum));
    return tf.addN(terms);
  });
  const moved = values.map((value, i) => tf.sub(value, moves[i] as tf.Tensor));
  return { moved: parted(moved, weights), memory: moves };
}

const isVector = ({ rank }: tf.Tensor): boolean => rank === 1;

/** Tensors of weights: those of matrices in their order, then those of all vectors as one. */
function joined(tensors: readonly tf.Tensor[], weights: readonly tf.Tensor[]): tf.Tensor[] {
  const ofVector = (_: unknown, i: number) => isVector(weights[i] as tf.Tensor);
  const vectors = tensors.filter(ofVector);
  const matrices = tensors.filter((_, i) => !ofVector(_, i));
  return vectors.length === 0 ? matrices : [...matrices, packed(vectors)];
}

/** The inverse of `joined`. */
function parted(tensors: readonly tf.Tensor[], weights: readonly tf.Tensor[]): tf.Tensor[] {
  const vectors = weights.filter(isVector);
  const parts = vectors.length === 0 ? [] : unpacked(tensors.at(-1) as tf.Tensor1D, vectors);
  const matrices = [...tensors];
  return weights.map((weight) => (isVector(weight) ? parts : matrices).shift() as tf.Tensor);
}
