import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { stream } from '../random.ts';
import * as tf from '../tfjs.js';
import { loadEngine, ownMomentum } from './index.ts';
import { composedMemory, composedStep, type Momentum, type MomentumStep } from './momentum.ts';
import { enginesTested } from './testing/engines.ts';

/** One large enough for operations of an engine's own, one that is not, and vectors. */
const SHAPES = [[200, 200], [7], [3, 5], [1], [12]];

const STEPS: readonly MomentumStep[] = [
  { decay: 5e-3, momentum: 0.9 },
  { decay: 4e-3, momentum: 0.72 },
  { decay: 0, momentum: 0.9 },
  { decay: 5e-3, momentum: 0 },
  { decay: 5e-3, momentum: 0.9 },
];

const numbers = (...names: (string | number)[]) =>
  SHAPES.map(([rows = 1, columns = 1], i) => stream('momentum', ...names, i).normals(rows * columns));
const tensors = (values: readonly Float32Array[]) =>
  values.map((data, i) => tf.tensor(data.slice(), SHAPES[i] as number[]));
/** A matcher would print forty thousand numbers of those that differ. */
const differing = (a: readonly Float32Array[], b: readonly Float32Array[]) =>
  a.map((values, i) => values.filter((value, j) => !Object.is(value, b[i]?.[j])).length);
const maxOf = (values: Float64Array, of: (value: number, i: number) => number) =>
  values.reduce((most, value, i) => Math.max(most, of(value, i)), 0);
const gradientsAt = (step: number) => numbers('gradient', step);

const read = async (tensor: tf.Tensor) => (await tensor.data<'float32'>()).slice();

const large = (values: readonly Float32Array[]) =>
  tf.tensor((values[0] as Float32Array).slice(), SHAPES[0] as number[]);

type Steps = Pick<Momentum, 'step' | 'dispose'>;

/** Composed steps, of which those without decay or momentum have no such term. */
function composed(): Steps {
  let last: tf.Tensor[] = [];
  return {
    step: (weights, gradients, { decay, momentum }) =>
      tf.tidy(() => {
        const memory = last.length > 0 ? last : composedMemory(weights);
        const [decaying, again] = [decay, momentum].map((value) => (value > 0 ? tf.scalar(value) : null));
        const step = composedStep(weights, gradients, memory, { decay: decaying ?? null, momentum: again ?? null });
        weights.forEach((weight, i) => void weight.assign(step.moved[i] as tf.Tensor));
        tf.dispose(last);
        last = step.memory.map((tensor) => tf.keep(tensor));
      }),
    dispose: () => tf.dispose(last),
  };
}

/** The weights after each step. */
async function walk(memory: Steps): Promise<Float32Array[][]> {
  const starts = tensors(numbers('weight'));
  const weights = starts.map((start) => tf.variable(start));
  tf.dispose(starts);
  const path: Float32Array[][] = [];
  for (const [i, step] of STEPS.entries()) {
    const gradients = tensors(gradientsAt(i));
    memory.step(weights, gradients, step);
    tf.dispose(gradients);
    path.push(await Promise.all(weights.map((weight) => read(weight))));
  }
  tf.dispose(weights);
  return path;
}

/** By definition, in float64: u = gradient + decay weight + momentum u, weight -= u. */
function twin(): Float64Array[][] {
  const weights = numbers('weight').map((values) => Float64Array.from(values));
  const moves = weights.map(({ length }) => new Float64Array(length));
  return STEPS.map(({ decay, momentum }, step) => {
    const gradients = gradientsAt(step);
    weights.forEach((weight, i) => {
      weight.forEach((value, j) => {
        const move = (gradients[i]?.[j] ?? 0) + decay * value + momentum * (moves[i]?.[j] ?? 0);
        (moves[i] as Float64Array)[j] = move;
        weight[j] = value - move;
      });
    });
    return weights.map((values) => values.slice());
  });
}

const present = (await enginesTested()).filter((engine) => engine.present);

/** Each test leaves no tensor behind. */
function watched(name: string): void {
  let before: number;
  beforeEach(async () => {
    await loadEngine(name);
    before = tf.memory().numTensors;
  });
  afterEach(() => expect(tf.memory().numTensors).toBe(before));
}

describe.each(present)('on $name', ({ name }) => {
  watched(name);

  it('composed, equals its float64 twin', async () => {
    const memory = composed();
    const path = await walk(memory);
    memory.dispose();
    const furthest = twin().map((weights, step) =>
      Math.max(
        ...weights.map((values, i) => maxOf(values, (value, j) => Math.abs(value - (path[step]?.[i]?.[j] ?? 9)))),
      ),
    );
    // Weights of some 5 in float32, moved five times.
    expect(Math.max(...furthest)).toBeLessThan(5e-6);
  });

  it('is composed, or the engine has it of its own', () => {
    const memory = ownMomentum();
    expect(memory !== undefined).toBe(name === 'tensorflow');
    memory?.dispose();
  });
});

// Where no native library is installed there is nothing of its own to test: the list is empty.
describe.each(present.filter(({ name }) => name === 'tensorflow'))('of the library of $name', ({ name }) => {
  watched(name);

  it('gives the same bits', async () => {
    const [library, operations] = [ownMomentum() as Momentum, composed()];
    const [own, other] = [await walk(library), await walk(operations)];
    expect(own.map((weights, step) => differing(weights, other[step] as Float32Array[]))).toEqual(
      STEPS.map(() => SHAPES.map(() => 0)),
    );
    library.dispose();
    operations.dispose();
  });

  it('takes what is large', () => {
    const memory = ownMomentum() as Momentum;
    const weights = tensors(numbers('weight'));
    expect(weights.map((weight) => memory.takes(weight))).toEqual([true, false, false, false, false]);
    tf.dispose(weights);
    memory.dispose();
  });

  it('writes over nothing that anything else holds', async () => {
    const value = large(numbers('weight'));
    const gradient = large(gradientsAt(0));
    const weight = tf.variable(value);
    const held = { value, gradient: tf.clone(gradient), weight: tf.clone(weight) };
    const [values, slopes] = [await read(value), await read(gradient)];
    const memory = ownMomentum() as Momentum;
    memory.step([weight], [gradient], { decay: 0.1, momentum: 0.9 });
    const after = tf.clone(weight);
    const moved = await read(after);
    memory.step([weight], [held.gradient.clone()], { decay: 0.1, momentum: 0.9 });
    const now = await Promise.all([held.value, held.weight, held.gradient, after].map((tensor) => read(tensor)));
    expect(differing(now, [values, values, slopes, moved])).toEqual([0, 0, 0, 0]);
    expect(differing([await read(weight)], [moved])).not.toEqual([0]);
    memory.dispose();
    tf.dispose([held, gradient, after, weight]);
  });

  it('sees a weight that was set between two steps', async () => {
    const [zero, one] = [tf.zeros(SHAPES[0] as number[]), tf.ones(SHAPES[0] as number[])];
    const weight = tf.variable(one);
    const memory = ownMomentum() as Momentum;
    memory.step([weight], [zero.clone()], { decay: 0, momentum: 0 });
    weight.assign(zero);
    memory.step([weight], [zero.clone()], { decay: 0, momentum: 0 });
    expect((await weight.data()).every((value) => value === 0)).toBe(true);
    memory.dispose();
    tf.dispose([zero, one, weight]);
  });
});
