/**
 * Functions run as whole graphs of native TensorFlow: recorded at their first calls with tensors of some shapes, and then
 * run in one call of the library, which uses all cores for operations that do not wait for each other.
 *
 * Nobody has to trust a recording. A function must do the same twice, to the last number, so that what differs from call to
 * call (dropout, a setting) is seen; and the graph's results for the second call's inputs must be those of the
 * operations one by one, to the bit. Where either fails the function runs operation by operation for good. What
 * one function has proven serves every other that does the same.
 */
import * as tf from '@tensorflow/tfjs';
import { type Computation, type GradientProgram, operationwise, type Program, type Programs } from '../../program.ts';
import type { NativeOperations } from '../operations.ts';
import { GraphCache } from './graph-cache.ts';
import { KnownShapes } from './known-shapes.ts';
import { isRecording, record } from './recorder.ts';
import { splitRecording } from './recording.ts';
import { GraphSession } from './session.ts';

export { refusedPrograms } from './known-shapes.ts';

export function nativePrograms(native: NativeOperations): Programs {
  const programs = new GraphCache<GraphSession>();
  const gradients = new GraphCache<GradientGraphs>();
  return {
    program: (computation) => nativeProgram(native, computation, programs),
    gradient: (computation) => nativeGradient(native, computation, gradients),
  };
}

function nativeProgram(native: NativeOperations, computation: Computation, graphs: GraphCache<GraphSession>): Program {
  const plain = operationwise.program(computation);
  const shapes = new KnownShapes(native, graphs);
  return {
    run: (inputs) => {
      // What is called within a recording is a part of it.
      if (isRecording()) return plain.run(inputs);
      const known = shapes.of(inputs);
      if (known.graph !== undefined) return known.graph.run(inputs);
      if (!mayRecord(known, native, inputs)) return plain.run(inputs);
      const recorded = record(native, computation, inputs);
      shapes.learn(
        known,
        recorded,
        (recording) => new GraphSession(native, recording),
        (graph) => graph.run(inputs),
      );
      return recorded.results;
    },
    dispose: () => shapes.dispose(),
  };
}

/** The two halves of a gradient: to the function's result, and back from the objective's gradient there. */
class GradientGraphs {
  readonly #there: GraphSession;
  readonly #back: GraphSession;

  constructor(there: GraphSession, back: GraphSession) {
    this.#there = there;
    this.#back = back;
  }

  /** Within a tf.tidy; `slope` gives the gradient of the objective at the function's result. */
  run(inputs: readonly tf.Tensor[], slope: (result: tf.Tensor) => tf.Tensor): [result: tf.Tensor, gradient: tf.Tensor] {
    const carried = this.#there.run(inputs);
    const [result] = carried as [tf.Tensor];
    const [gradient] = this.#back.run([slope(result), ...inputs, ...carried]) as [tf.Tensor];
    return [result, gradient];
  }

  dispose(): void {
    this.#there.dispose();
    this.#back.dispose();
  }
}

/** What the objective's gradient is called in a recording: it is given first. */
const SLOPE = 'given0';

function nativeGradient(
  native: NativeOperations,
  computation: Computation,
  graphs: GraphCache<GradientGraphs>,
): GradientProgram {
  const plain = operationwise.gradient(computation);
  const shapes = new KnownShapes(native, graphs);
  const resultOf = (inputs: readonly tf.Tensor[]) => computation(inputs)[0] as tf.Tensor;
  const whole: Computation = ([slope, x, ...others]) => {
    const { value, grad } = tf.valueAndGrad((varied) => resultOf([varied, ...others]))(x as tf.Tensor, slope);
    return [value, grad];
  };
  return {
    run: (inputs, objective) => {
      if (isRecording()) return plain.run(inputs, objective);
      const known = shapes.of(inputs);
      const { graph } = known;
      const slopeAt = tf.grad(objective);
      if (graph !== undefined) return tf.tidy(() => graph.run(inputs, slopeAt)[1]);
      if (!mayRecord(known, native, inputs)) return plain.run(inputs, objective);
      return tf.tidy(() => {
        const slope = slopeAt(resultOf(inputs));
        const recorded = record(native, whole, [slope, ...inputs]);
        shapes.learn(
          known,
          recorded,
          (recording) => {
            const { early, late } = splitRecording(recording, SLOPE);
            const there = new GraphSession(native, early);
            try {
              return new GradientGraphs(there, new GraphSession(native, late));
            } catch (error) {
              there.dispose();
              throw error;
            }
          },
          (graphs) => graphs.run(inputs, () => slope),
        );
        return recorded.results[1] as tf.Tensor;
      });
    },
    dispose: () => shapes.dispose(),
  };
}

/** Inputs that share their numbers cannot be told apart. */
function mayRecord(
  { refused }: { readonly refused: boolean },
  native: NativeOperations,
  inputs: readonly tf.Tensor[],
): boolean {
  return !refused && new Set(native.getInputTensorIds(inputs)).size === inputs.length;
}
