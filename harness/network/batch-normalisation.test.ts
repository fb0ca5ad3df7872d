/** Against a slow twin in float64, its gradients by central differences; on every engine present. */
import { describe, expect, it } from 'vitest';
import { loadEngine } from '../engine/index.ts';
import { enginesTested } from '../engine/testing/engines.ts';
import { stream } from '../random.ts';
import * as tf from '../tfjs.js';
import { type BatchStatistics, normalisedByBatch, normalisedByMoving } from './batch-normalisation.ts';

const SHAPE = [3, 4, 2, 5];
const EPSILON = 1e-3;
const numbers = (name: string, count: number, low = -1, high = 1) => [
  ...stream('test', name).uniforms(count, low, high),
];
const X = numbers('x', 120, 1, 4);
const DY = numbers('dy', 120);

/** Batch normalisation channel by channel in float64: outputs, and the batch's mean and unbiased variance. */
function twin(x: readonly number[], gamma: readonly number[], beta: readonly number[], axis: number) {
  const channels = SHAPE[axis] as number;
  const stride = SHAPE.slice(axis + 1).reduce((product, size) => product * size, 1);
  const channelOf = (i: number) => Math.floor(i / stride) % channels;
  const y: number[] = new Array(x.length);
  const statistics = Array.from({ length: channels }, (_, channel) => {
    const own = [...x.keys()].filter((i) => channelOf(i) === channel);
    const sum = (f: (value: number) => number) => own.reduce((total, i) => total + f(x[i] as number), 0);
    const mean = sum((value) => value) / own.length;
    const squares = sum((value) => (value - mean) ** 2);
    for (const i of own) {
      const normalised = ((x[i] as number) - mean) / Math.sqrt(squares / own.length + EPSILON);
      y[i] = (gamma[channel] as number) * normalised + (beta[channel] as number);
    }
    return { mean, variance: squares / (own.length - 1) };
  });
  return { y, statistics, channelOf };
}

function expectClose(actual: ArrayLike<number>, expected: readonly number[], tolerance = 2e-6) {
  expect(actual.length).toBe(expected.length);
  const scale = Math.max(...expected.map(Math.abs));
  expected.forEach((value, i) => {
    expect(Math.abs((actual[i] as number) - value) / scale, `entry ${i}`).toBeLessThan(tolerance);
  });
}

const engines = (await enginesTested()).filter(({ present }) => present).map(({ name }) => name);

describe.each(engines)('batch normalisation on %s', (engine) => {
  it.each([-1, 1])('by the batch, with its gradients: axis %i', async (axis) => {
    await loadEngine(engine);
    const place = (axis + 4) % 4;
    const channels = SHAPE[place] as number;
    const gamma = numbers('gamma', channels);
    const beta = numbers('beta', channels);
    const config = { axis, epsilon: EPSILON };
    let seen: BatchStatistics | undefined;
    const run = (x: tf.Tensor, scale: tf.Tensor, shift: tf.Tensor) =>
      normalisedByBatch(x, config, { gamma: scale, beta: shift }, ({ mean, variance }) => {
        seen = { mean: tf.keep(tf.clone(mean)), variance: tf.keep(tf.clone(variance)) };
      });
    const given = [tf.tensor(X, SHAPE), tf.tensor1d(gamma), tf.tensor1d(beta)];
    const expected = twin(X, gamma, beta, place);
    const output = run(...(given as [tf.Tensor, tf.Tensor, tf.Tensor]));
    expectClose(output.dataSync(), expected.y);
    expectClose(
      seen?.mean.dataSync() ?? [],
      expected.statistics.map(({ mean }) => mean),
    );
    expectClose(
      seen?.variance.dataSync() ?? [],
      expected.statistics.map(({ variance }) => variance),
    );

    const gradients = tf.grads(run)(given, tf.tensor(DY, SHAPE));
    const sides = [X, gamma, beta] as const;
    sides.forEach((values, which) => {
      const at = (i: number, shift: number) => {
        const changed = sides.map((side, j) =>
          j === which ? side.map((value, k) => (k === i ? value + shift : value)) : side,
        );
        const { y } = twin(...(changed as [number[], number[], number[]]), place);
        return y.reduce((sum, value, j) => sum + value * (DY[j] as number), 0);
      };
      const differences = values.map((_, i) => (at(i, 1e-4) - at(i, -1e-4)) / 2e-4);
      expectClose(gradients[which]?.dataSync() ?? [], differences, 1e-5);
    });
  });

  it.each([-1, 1])('by the moving statistics: axis %i', async (axis) => {
    await loadEngine(engine);
    const place = (axis + 4) % 4;
    const channels = SHAPE[place] as number;
    const weights = {
      gamma: numbers('gamma', channels),
      beta: numbers('beta', channels),
      movingMean: numbers('mean', channels),
      movingVariance: numbers('variance', channels, 0.2, 2),
    };
    const { channelOf } = twin(X, weights.gamma, weights.beta, place);
    const expected = X.map((value, i) => {
      const of = (side: readonly number[]) => side[channelOf(i)] as number;
      const { gamma, beta, movingMean, movingVariance } = weights;
      return ((value - of(movingMean)) / Math.sqrt(of(movingVariance) + EPSILON)) * of(gamma) + of(beta);
    });
    const tensors = Object.fromEntries(Object.entries(weights).map(([name, values]) => [name, tf.tensor1d(values)]));
    const output = normalisedByMoving(tf.tensor(X, SHAPE), { axis, epsilon: EPSILON }, tensors);
    expectClose(output.dataSync(), expected);
  });

  it('of one value has the variance zero', async () => {
    await loadEngine(engine);
    const variances: number[][] = [];
    const observe = ({ variance }: BatchStatistics) => variances.push([...variance.dataSync()]);
    const output = normalisedByBatch(tf.tensor2d([[3, -2]]), { epsilon: EPSILON }, {}, observe);
    expect([...output.dataSync()]).toEqual([0, 0]);
    expect(variances).toEqual([[0, 0]]);
  });
});
