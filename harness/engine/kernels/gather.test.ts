import { describe, expect, it } from 'vitest';
import * as tf from '../../tfjs.js';
import { loadEngine } from '../index.ts';
import { enginesTested } from '../testing/engines.ts';

const SHAPE = [2, 3, 4];
/** Row-major values that tell their place. */
const VALUES = Float32Array.from({ length: 24 }, (_, i) => i);
const at = (i: number, j: number, k: number) => VALUES[(i * 3 + j) * 4 + k] as number;

/** The chosen indices of one axis, one value at a time, in the result's row-major order. */
function twin(axis: number, rows: readonly number[]): number[] {
  const shape = SHAPE.with(axis, rows.length);
  const [a = 0, b = 0, c = 0] = shape;
  return Array.from({ length: a * b * c }, (_, n) => {
    const place = [Math.floor(n / (b * c)), Math.floor(n / c) % b, n % c];
    const [i = 0, j = 0, k = 0] = place.with(axis, rows[place[axis] as number] as number);
    return at(i, j, k);
  });
}

const present = (await enginesTested()).filter((engine) => engine.present);

describe.each(present)('gathering on $name', ({ name }) => {
  it.each([
    { axis: 0, rows: [1, 0, 1] },
    { axis: 1, rows: [2, 0] },
    { axis: 2, rows: [3, 3, 1, 0, 2] },
  ])('takes rows of axis $axis', async ({ axis, rows }) => {
    await loadEngine(name);
    const before = tf.memory().numTensors;
    for (const dtype of ['float32', 'int32'] as const) {
      const found = tf.tidy(() => tf.gather(tf.tensor(VALUES, SHAPE, dtype), tf.tensor1d(rows, 'int32'), axis));
      expect(found.dtype).toBe(dtype);
      expect([...(await found.data())]).toEqual(twin(axis, rows));
      found.dispose();
    }
    expect(tf.memory().numTensors).toBe(before);
  });

  it('takes rows of its own for each of a batch', async () => {
    await loadEngine(name);
    const rows = [
      [2, 0],
      [1, 1],
    ];
    const found = tf.tidy(() => tf.gather(tf.tensor(VALUES, SHAPE), tf.tensor2d(rows, [2, 2], 'int32'), 1, 1));
    const expected = rows.flatMap((own, i) => own.flatMap((j) => [0, 1, 2, 3].map((k) => at(i, j, k))));
    expect([...(await found.data())]).toEqual(expected);
    found.dispose();
  });
});

it.runIf(present.some(({ name }) => name === 'tensorflow'))(
  'native TensorFlow refuses a row that is none',
  async () => {
    await loadEngine('tensorflow');
    const gathered = () =>
      tf.tidy(() => tf.gather(tf.tensor(VALUES, SHAPE), tf.tensor1d([0, 3], 'int32'), 1).dataSync());
    expect(gathered).toThrow(/indices\[1\] = 3 is not in \[0, 3\)/);
  },
);
