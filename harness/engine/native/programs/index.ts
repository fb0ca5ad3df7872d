/**
 * Functions run as whole graphs of native TensorFlow: recorded at their first calls with tensors of some shapes, and then
 * run in one call of the library, which uses all cores for operations that do not wait for each other.
 *
 * Nobody has to trust a recording. A function must do the same twice, to the last number, so that what differs from call to
 * call (a setting, a count) is seen; and a graph's results for the second call's inputs must be those of the operations
 * one by one, to the bit. Where either fails the function runs operation by operation for good. A graph that one
 * function has proven serves every other that does the same twice; such a one's operations are watched, not computed.
 * Convolutions of a graph are fused with what surrounds them, each only where that is proven on numbers of its own.
 */
import * as tf from '../../../tfjs.js';
import {
  type Computation,
  differentiate,
  type Gradient,
  nothing,
  operationwise,
  type Program,
  type Programs,
  type RoundTrip,
  type Turning,
} from '../../program.ts';
import type { NativeOperations } from '../operations.ts';
import { askingResults, fused } from './fusion.ts';
import { FusionProofs } from './fusion-proof.ts';
import { GraphCache } from './graph-cache.ts';
import { type Known, KnownShapes } from './known-shapes.ts';
import { isRecording } from './recorder.ts';
import { type Recording, splitRecording } from './recording.ts';
import { GraphSession } from './session.ts';

export { refusedPrograms } from './known-shapes.ts';

export function nativePrograms(native: NativeOperations): Programs {
  const programs = new GraphCache<GraphSession>();
  const roundTrips = new GraphCache<RoundTripGraphs>();
  return {
    program: (computation) => nativeProgram(native, computation, programs),
    gradient: (computation, varied, first) => nativeGradient(native, computation, roundTrips, varied, first),
    roundTrip: (turning) => nativeRoundTrip(native, turning, roundTrips),
  };
}

function nativeProgram(native: NativeOperations, computation: Computation, graphs: GraphCache<GraphSession>): Program {
  const plain = operationwise.program(computation);
  const shapes = new KnownShapes(native, graphs);
  return {
    run: (inputs) => {
      if (mustShow(native)) return plain.run(inputs);
      const known = shapes.of(inputs);
      if (known.graph !== undefined) return known.graph.run(inputs);
      if (known.refused) return plain.run(inputs);
      return shapes.learn(
        known,
        inputs,
        computation,
        (recording) => fusedSession(native, askingResults(recording)),
        (graph) => graph.run(inputs),
      );
    },
    dispose: () => shapes.dispose(),
  };
}

const proofs = new WeakMap<NativeOperations, FusionProofs>();

/** A recording's graph, its convolutions fused where that is proven. */
function fusedSession(native: NativeOperations, recording: Recording): GraphSession {
  const own = proofs.get(native) ?? new FusionProofs(native);
  proofs.set(native, own);
  return new GraphSession(
    native,
    fused(recording, native.binding, (fusion) => own.isProven(fusion)),
  );
}

/** The graphs of a function's two parts: to the result that is turned, and on from what it is turned into. */
class RoundTripGraphs {
  readonly #there: GraphSession;
  readonly #back: GraphSession;
  /** Of each result behind the first, whether the second part makes it. */
  readonly #late: readonly boolean[];

  constructor(native: NativeOperations, recording: Recording) {
    const { early, late } = splitRecording(askingResults(recording), TURNED);
    if (late.results.length === 0) throw new Error('its result needs nothing of what is turned');
    this.#late = recording.results.slice(1).map((value) => late.results.includes(value));
    this.#there = fusedSession(native, early);
    try {
      this.#back = fusedSession(native, late);
    } catch (error) {
      this.#there.dispose();
      throw error;
    }
  }

  /** Within a tf.tidy: what is turned, and the other results in their order. */
  run(inputs: readonly tf.Tensor[], turn: (result: tf.Tensor) => tf.Tensor): tf.Tensor[] {
    const carried = this.#there.run(inputs);
    const [result, ...early] = carried as [tf.Tensor, ...tf.Tensor[]];
    const late = this.#back.run([turn(result), ...inputs, ...carried]);
    return [result, ...this.#late.map((isLate) => (isLate ? late : early).shift() as tf.Tensor)];
  }

  dispose(): void {
    this.#there.dispose();
    this.#back.dispose();
  }
}

/** What a recording of a round trip is given first: what its result is turned into. */
const TURNED = 'given0';

/** Records [what is turned, ...results] of a whole trip, learns from it, and returns the results. */
function learnTrip(
  native: NativeOperations,
  shapes: KnownShapes<RoundTripGraphs>,
  known: Known<RoundTripGraphs>,
  whole: Computation,
  turned: tf.Tensor,
  inputs: readonly tf.Tensor[],
): tf.Tensor[] {
  const results = shapes.learn(
    known,
    [turned, ...inputs],
    whole,
    (recording) => new RoundTripGraphs(native, recording),
    (graphs) => graphs.run(inputs, () => turned),
  );
  return results.slice(1);
}

function nativeGradient(
  native: NativeOperations,
  computation: Computation,
  graphs: GraphCache<RoundTripGraphs>,
  varied = 1,
  first = nothing,
): Gradient {
  const plain = operationwise.gradient(computation, varied, first);
  const shapes = new KnownShapes(native, graphs);
  const whole: Computation = ([slope, ...inputs]) => {
    // A function may hand its input on; of that TensorFlow.js has no gradient.
    const all = [...inputs, ...first(inputs)];
    const found = differentiate(computation, all, varied, (result) => tf.clone(result), slope);
    return [found.value, ...found.gradients, ...found.results];
  };
  const parted = (found: readonly tf.Tensor[]) => ({ gradients: found.slice(0, varied), results: found.slice(varied) });
  return {
    run: (inputs, objective) => {
      if (mustShow(native)) return plain.run(inputs, objective);
      const known = shapes.of(inputs);
      const { graph } = known;
      // An objective may hand on what it is given; of that TensorFlow.js has no gradient.
      const slopeAt = tf.grad((result) => objective(tf.clone(result)));
      if (graph !== undefined) return parted(tf.tidy(() => graph.run(inputs, slopeAt).slice(1)));
      if (known.refused) return plain.run(inputs, objective);
      const found = tf.tidy(() => {
        const slope = slopeAt(computation([...inputs, ...first(inputs)])[0] as tf.Tensor);
        return learnTrip(native, shapes, known, whole, slope, inputs);
      });
      return parted(found);
    },
    dispose: () => shapes.dispose(),
  };
}

function nativeRoundTrip(native: NativeOperations, turning: Turning, graphs: GraphCache<RoundTripGraphs>): RoundTrip {
  const plain = operationwise.roundTrip(turning);
  const shapes = new KnownShapes(native, graphs);
  const whole: Computation = ([turned, ...inputs]) => {
    let kept: tf.Tensor | undefined;
    try {
      const back = turning(inputs, (found) => {
        // The function may free it.
        kept = tf.keep(tf.clone(found));
        return tf.clone(turned as tf.Tensor);
      });
      return [tf.clone(kept as tf.Tensor), back];
    } finally {
      kept?.dispose();
    }
  };
  return {
    run: (inputs, turn) => {
      if (mustShow(native)) return plain.run(inputs, turn);
      const known = shapes.of(inputs);
      const { graph } = known;
      if (graph !== undefined) return tf.tidy(() => graph.run(inputs, turn)[1] as tf.Tensor);
      if (known.refused) return plain.run(inputs, turn);
      let turned: tf.Tensor | undefined;
      try {
        return tf.tidy(() => {
          const result = plain.run(inputs, (found) => {
            const made = turn(found);
            turned = tf.keep(tf.clone(made));
            return made;
          });
          // Recorded by itself, since what turns is no part of it.
          learnTrip(native, shapes, known, whole, turned as tf.Tensor, inputs);
          return result;
        });
      } finally {
        turned?.dispose();
      }
    },
    dispose: () => shapes.dispose(),
  };
}

/**
 * Whether every operation must be seen: by another recording, of which this is a part, or by a gradient that is being taken
 * outside; or whether another engine computes by now.
 */
function mustShow(native: NativeOperations): boolean {
  return isRecording() || tf.engine().state.gradientDepth > 0 || tf.backend() !== (native as unknown);
}
