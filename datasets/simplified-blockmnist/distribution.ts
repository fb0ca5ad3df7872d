/**
 * Simplified BlockMNIST as a distribution: settings, samples, support (Shah, Jain, Netrapalli, NeurIPS 2021, eq. 2).
 *
 * An input has d blocks of dimension d~. A label y is +1 or -1 with probability 1/2, a signal block
 * j uniform in 1 .. d/2, and x = [eta g_1, ..., y u* + eta g_j, ..., eta g_d], every g_i uniform in the
 * unit ball of R^d~. Blocks 1 .. d/2 are task-relevant, blocks d/2 + 1 .. d are noise. In code blocks
 * count from 0, and an input is a row of d * d~ numbers, block after block.
 */
import type { Stream } from '../../harness/random.ts';

export interface Setting {
  /** d: even, at least 2. */
  readonly blocks: number;
  /** d~: at least 1. */
  readonly dimension: number;
  /** eta: at least 0. */
  readonly noise: number;
  /** u*, of unit length: [dimension]. */
  readonly direction: Float64Array;
}

/** Inputs with what is known of them. */
export interface Samples {
  readonly count: number;
  /** [count, d * d~] */
  readonly inputs: Float64Array;
  /** [count], +1 or -1. */
  readonly labels: Int8Array;
  /** [count], the signal block j*(x), from 0. */
  readonly signalBlocks: Int32Array;
}

/**
 * A setting from its parts; `direction` is brought to unit length and is the first axis where absent.
 *
 * @throws RangeError naming the argument and its range.
 */
export function makeSetting(parts: {
  readonly blocks: number;
  readonly dimension?: number;
  readonly noise?: number;
  readonly direction?: ArrayLike<number>;
}): Setting {
  const { blocks, dimension = parts.direction?.length ?? 1, noise = 0 } = parts;
  if (!Number.isInteger(blocks) || blocks < 2 || blocks % 2 !== 0) {
    throw new RangeError(`[attribench] blocks is ${blocks}, expected an even integer from 2`);
  }
  if (!Number.isInteger(dimension) || dimension < 1) {
    throw new RangeError(`[attribench] dimension is ${dimension}, expected an integer from 1`);
  }
  if (!(noise >= 0 && noise < Number.POSITIVE_INFINITY)) {
    throw new RangeError(`[attribench] noise is ${noise}, expected a finite number from 0`);
  }
  const given = Float64Array.from(parts.direction ?? [1, ...new Array<number>(dimension - 1).fill(0)]);
  if (given.length !== dimension) {
    throw new RangeError(`[attribench] direction has ${given.length} numbers, expected dimension = ${dimension}`);
  }
  const length = Math.hypot(...given);
  if (!(length > 0 && length < Number.POSITIVE_INFINITY)) {
    throw new RangeError(`[attribench] direction is [${given}], expected finite numbers that are not all 0`);
  }
  // A unit vector stays as it is, to the bit.
  const direction = length === 1 ? given : given.map((value) => value / length);
  return Object.freeze({ blocks, dimension, noise, direction });
}

/** `count` independent samples; the stream alone decides them. */
export function drawSamples(setting: Setting, count: number, stream: Stream): Samples {
  const { blocks, dimension, noise } = setting;
  const samples = emptySamples(setting, count);
  const { inputs, labels, signalBlocks } = samples;
  const ball = new Float64Array(dimension);
  for (let i = 0; i < count; i++) {
    const label = stream.integer(2) === 0 ? -1 : 1;
    const signal = stream.integer(blocks / 2);
    labels[i] = label;
    signalBlocks[i] = signal;
    if (noise > 0) {
      for (let block = 0; block < blocks; block++) {
        drawFromBall(ball, stream);
        const at = (i * blocks + block) * dimension;
        for (let k = 0; k < dimension; k++) inputs[at + k] = noise * (ball[k] ?? 0);
      }
    }
    addSignal(setting, samples, i);
  }
  return samples;
}

/**
 * All d points of the support at eta = 0, each of probability 1/d: y = +1 for every block, then y = -1.
 *
 * @throws RangeError for eta > 0, where the support is not finite.
 */
export function exhaustiveSupport(setting: Setting): Samples {
  if (setting.noise !== 0) {
    throw new RangeError(`[attribench] noise is ${setting.noise}, expected 0: with noise the support is not finite`);
  }
  const relevant = setting.blocks / 2;
  const samples = emptySamples(setting, setting.blocks);
  for (let i = 0; i < setting.blocks; i++) {
    samples.labels[i] = i < relevant ? 1 : -1;
    samples.signalBlocks[i] = i % relevant;
    addSignal(setting, samples, i);
  }
  return samples;
}

function emptySamples({ blocks, dimension }: Setting, count: number): Samples {
  return {
    count,
    inputs: new Float64Array(count * blocks * dimension),
    labels: new Int8Array(count),
    signalBlocks: new Int32Array(count),
  };
}

function addSignal({ blocks, dimension, direction }: Setting, samples: Samples, i: number): void {
  const at = (i * blocks + (samples.signalBlocks[i] ?? 0)) * dimension;
  for (let k = 0; k < dimension; k++) {
    samples.inputs[at + k] = (samples.inputs[at + k] ?? 0) + (samples.labels[i] ?? 0) * (direction[k] ?? 0);
  }
}

/** Uniform in the unit ball: a uniform direction times the dimension-th root of a uniform number. */
function drawFromBall(point: Float64Array, stream: Stream): void {
  let squares = 0;
  for (let k = 0; k < point.length; k++) {
    const value = stream.normal();
    point[k] = value;
    squares += value * value;
  }
  const scale = stream.uniform() ** (1 / point.length) / Math.sqrt(squares);
  for (let k = 0; k < point.length; k++) point[k] = (point[k] ?? 0) * scale;
}
