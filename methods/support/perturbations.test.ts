import { classLogit, type LogitsNetwork, stream, tf } from 'attribench';
import { beforeAll, describe, expect, test } from 'vitest';
import { loadEngine } from '../../harness/engine/index.ts';
import { explainByMasks } from './perturbations.ts';
import { ROWS } from './samples.ts';

beforeAll(async () => {
  await loadEngine('wasm');
});

interface Trial {
  /** Number of copies of each image. */
  readonly copies: readonly number[];
  readonly signal?: AbortSignal;
}

/** Images [n, 1, 2, 1] of (i, 10 i); logit 0 sums a copy, logit 1 is minus that. Copy s keeps pixel s mod 2. */
async function run({ copies, signal = new AbortController().signal }: Trial) {
  const n = copies.length;
  const images = tf.tensor4d(
    copies.flatMap((_, i) => [i, 10 * i]),
    [n, 1, 2, 1],
  );
  const classes = tf.tensor1d(
    copies.map((_, i) => i % 2),
    'int32',
  );
  const rows: number[] = [];
  const shares: number[] = [];
  const taken: number[][] = copies.map(() => []);
  const network: LogitsNetwork = {
    inputShape: [1, 2, 1],
    classes: 2,
    logits: (batch) => {
      rows.push(batch.shape[0]);
      return tf.tidy(() => {
        const sum = tf.sum(batch, [1, 2]);
        return tf.concat([sum, tf.neg(sum)], 1) as tf.Tensor2D;
      });
    },
  };
  const streams = copies.map((_, i) => stream('perturbations', i));
  const map = await explainByMasks<number>(
    { network, images, classes, streams, signal, progress: (share) => shares.push(share) },
    {
      replacement: 0.5,
      score: classLogit,
      explain: (image) => ({
        copies: copies[image] ?? 0,
        draw: (copy) => copy,
        paint: (copy, mask) => {
          mask[copy % 2] = 1;
        },
        take: (score, copy, mask) => {
          expect(Array.from(mask)).toEqual(copy % 2 === 0 ? [1, 0] : [0, 1]);
          taken[image]?.push(score);
        },
        map: () => [image, taken[image]?.length ?? 0],
      }),
    },
  ).finally(() => tf.dispose([images, classes]));
  const values = Array.from(await map.data());
  map.dispose();
  return { rows, shares, taken, values };
}

describe('explainByMasks', () => {
  test('gives every score to its own image, in order, also where a block ends inside an image', async () => {
    const copies = [3, 700, 1, 300];
    const { taken, values } = await run({ copies });
    copies.forEach((count, i) => {
      const sign = i % 2 === 0 ? 1 : -1;
      expect(taken[i]).toEqual(Array.from({ length: count }, (_, s) => sign * (0.5 + (s % 2 === 0 ? i : 10 * i))));
    });
    expect(values).toEqual([0, 3, 1, 700, 2, 1, 3, 300]);
  });

  test('sends whole images, as many as fit, and an image of more copies in equal parts', async () => {
    expect((await run({ copies: [1004] })).rows).toEqual([251, 251, 251, 251]);
    expect((await run({ copies: [ROWS + 2] })).rows).toEqual([ROWS / 2 + 1, ROWS / 2 + 1]);
    expect((await run({ copies: [3 * ROWS] })).rows).toEqual([ROWS, ROWS, ROWS]);
    expect((await run({ copies: [515] })).rows.toSorted()).toEqual([171, 172, 172]);
    expect((await run({ copies: [ROWS] })).rows).toEqual([ROWS]);
    expect((await run({ copies: new Array<number>(ROWS * 2).fill(1) })).rows).toEqual([ROWS, ROWS]);
    expect((await run({ copies: [100, 100, 100, 56, 56] })).rows).toEqual([200, 212]);
    expect((await run({ copies: [100, 700, 100, 100] })).rows).toEqual([100, 234, 233, 233, 200]);
  });

  test('tells its progress up to 1 and leaves no tensors', async () => {
    const before = tf.memory().numTensors;
    const { shares } = await run({ copies: [256, 512, 256] });
    expect(shares).toEqual([1 / 3, 1 / 2, 2 / 3, 1]);
    expect(tf.memory().numTensors).toBe(before);
  });

  test('stops when aborted and leaves no tensors', async () => {
    const before = tf.memory().numTensors;
    await expect(run({ copies: [10], signal: AbortSignal.abort() })).rejects.toThrow('abort');
    expect(tf.memory().numTensors).toBe(before);
  });
});

test('masks blend an image and the replacement', async () => {
  const images = tf.tensor4d([4, 8], [1, 1, 2, 1]);
  const classes = tf.tensor1d([0], 'int32');
  const map = await explainByMasks<number>(
    {
      network: { inputShape: [1, 2, 1], classes: 1, logits: (x) => tf.sum(x, [1, 2]) as tf.Tensor2D },
      images,
      classes,
      streams: [stream('one')],
      signal: new AbortController().signal,
      progress: () => {},
    },
    {
      replacement: 100,
      score: classLogit,
      explain: () => {
        const scores: number[] = [];
        return {
          copies: 2,
          draw: (copy) => copy,
          paint: (copy, mask) => mask.set(copy === 0 ? [0.25, 1] : [0.5, 0]),
          take: (score) => scores.push(score),
          map: () => scores,
        };
      },
    },
  );
  // 0.25 * 4 + 0.75 * 100 + 8, 0.5 * 4 + 0.5 * 100 + 100
  expect(Array.from(await map.data())).toEqual([84, 152]);
  tf.dispose([images, classes, map]);
});
