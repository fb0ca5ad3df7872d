/**
 * Functions of tensors that are called many times with the same shapes, which an engine may run as a whole.
 *
 * An operation of a small network is as much call as arithmetic, and one after the other leaves cores idle.
 */
import * as tf from '../tfjs.js';

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

/** What a function was differentiated to, and found on its way, for the caller to dispose. */
export interface Differentiated {
  /** Of the varied inputs' shapes. */
  readonly gradients: tf.Tensor[];
  /** The function's results behind the first. */
  readonly results: tf.Tensor[];
}

/** A computation's gradients with respect to its first inputs, for objectives that differ from call to call. */
export interface Gradient {
  /**
   * The gradients of the sum of an objective of the computation's first result.
   *
   * The objective may use any tensors.
   */
  run(inputs: readonly tf.Tensor[], objective: (result: tf.Tensor) => tf.Tensor): Differentiated;
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
  /**
   * With respect to as many inputs as are `varied`, one by default.
   *
   * What `first` makes of the inputs is not differentiated; the computation is given it behind them.
   */
  gradient(computation: Computation, varied?: number, first?: Computation): Gradient;
  roundTrip(turning: Turning): RoundTrip;
}

/** Operation by operation, as TensorFlow.js does. */
export const operationwise: Programs = {
  program: (computation) => ({
    run: (inputs) => tf.tidy(() => ofTheirOwn(inputs, computation(inputs))),
    dispose: () => {},
  }),
  gradient: (computation, varied = 1, first = nothing) => ({
    run: (inputs, objective) =>
      tf.tidy(() => {
        const all = [...inputs, ...first(inputs)];
        const { gradients, results } = differentiate(computation, all, varied, objective);
        return { gradients, results };
      }),
    dispose: () => {},
  }),
  roundTrip: (turning) => ({
    run: (inputs, turn) => tf.tidy(() => turning(inputs, turn)),
    dispose: () => {},
  }),
};

/** Makes nothing. */
export const nothing: Computation = () => [];

/** Results as the caller may dispose them: one that is an input, or came before, as a tensor of its own. */
export function ofTheirOwn(inputs: readonly tf.Tensor[], results: readonly tf.Tensor[]): tf.Tensor[] {
  return results.map((result, i) =>
    inputs.includes(result) || results.indexOf(result) < i ? tf.clone(result) : result,
  );
}

/** The gradients of the sum of `objective`, or of its product with `slope`, which has its shape; and its value. */
export function differentiate(
  computation: Computation,
  inputs: readonly tf.Tensor[],
  varied: number,
  objective: (result: tf.Tensor) => tf.Tensor,
  slope?: tf.Tensor,
): Differentiated & { readonly value: tf.Tensor } {
  // Kept, since the differentiation frees what it makes on its way.
  let kept: tf.Tensor[] = [];
  try {
    return tf.tidy(() => {
      const { value, grads } = tf.valueAndGrads((...values: tf.Tensor[]) => {
        const [first, ...others] = computation([...values, ...inputs.slice(varied)]) as [tf.Tensor, ...tf.Tensor[]];
        kept = others.map((result) => tf.keep(tf.clone(result)));
        return objective(first);
      })(inputs.slice(0, varied), slope);
      return { value, gradients: grads, results: kept.map((result) => tf.clone(result)) };
    });
  } finally {
    tf.dispose(kept);
  }
}

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
