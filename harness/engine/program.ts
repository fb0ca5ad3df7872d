/**
 * Functions of tensors that are called many times with the same shapes, which an engine may run as a whole.
 *
 * An operation of a small network is as much call as arithmetic, and one after the other leaves cores idle.
 */
import * as tf from '@tensorflow/tfjs';

/**
 * A function whose results are made of its inputs' values alone.
 *
 * Every tensor that it uses is an input or made in it, it reads none, and its numbers are the same in every call: an
 * engine may call it a few times only. One that sees a difference from call to call runs it as it is.
 */
export type Computation = (inputs: readonly tf.Tensor[]) => tf.Tensor[];

export interface Program {
  /** The function's results, for the caller to dispose. */
  run(inputs: readonly tf.Tensor[]): tf.Tensor[];
  dispose(): void;
}

/** A computation's gradient with respect to its first input, for objectives that differ from call to call. */
export interface Gradient {
  /**
   * The gradient, of the first input's shape, of the sum of an objective of the computation's one result.
   *
   * The objective may use any tensors.
   */
  run(inputs: readonly tf.Tensor[], objective: (result: tf.Tensor) => tf.Tensor): tf.Tensor;
  dispose(): void;
}

/**
 * A function in two parts, one result of the first of which is handed out and turned into what the second starts with.
 *
 * It is a computation but for what `turn` does, which may use any tensors and differ from call to call; it turns once.
 */
export type Turning = (inputs: readonly tf.Tensor[], turn: (result: tf.Tensor) => tf.Tensor) => tf.Tensor;

export interface RoundTrip {
  /** The function's result, for the caller to dispose. */
  run(inputs: readonly tf.Tensor[], turn: (result: tf.Tensor) => tf.Tensor): tf.Tensor;
  dispose(): void;
}

/** How functions are run that are called again and again. */
export interface Programs {
  program(computation: Computation): Program;
  gradient(computation: Computation): Gradient;
  roundTrip(turning: Turning): RoundTrip;
}

/** Operation by operation, as TensorFlow.js does. */
export const operationwise: Programs = {
  program: (computation) => ({
    run: (inputs) => tf.tidy(() => computation(inputs)),
    dispose: () => {},
  }),
  gradient: (computation) => ({
    run: ([first, ...others], objective) =>
      tf.tidy(() => tf.grad((x) => objective(computation([x, ...others])[0] as tf.Tensor))(first as tf.Tensor)),
    dispose: () => {},
  }),
  roundTrip: (turning) => ({
    run: (inputs, turn) => tf.tidy(() => turning(inputs, turn)),
    dispose: () => {},
  }),
};

let hear: ((reason: string) => void) | undefined;

/** Says that what runs would not do the same again; heard by whoever records it. */
export function notRepeatable(reason: string): void {
  hear?.(reason);
}

/** Hears of what is not repeatable until the function that this returns is called. */
export function hearNotRepeatable(listener: (reason: string) => void): () => void {
  const before = hear;
  hear = listener;
  return () => {
    hear = before;
  };
}
