import { expect, test } from 'vitest';
import { counter } from './contestant.ts';
import type { Convolution, ConvolutionJob } from './convolutions.ts';
import { limitAt } from './limit.ts';
import type { ProductsJob } from './products.ts';

const NONE = { network: 'none', classes: 0, file: '' };
const job: ProductsJob = { kind: 'products', ...NONE, size: 6, times: 5 };
const convolution = {
  images: [2, 8, 7, 3],
  filter: [3, 2, 3, 4],
  strides: [2, 1],
  dilations: [1, 1],
  pad: 'valid',
  padding: [0, 0, 0, 0],
} satisfies Omit<Convolution, 'of'>;
const problems: string[] = [];
const timed: Convolution[] = [];
let ended = 0;
const sources = {
  count: () => counter('cpu'),
  convolve: () => ({
    secondsOf: async (one: Convolution) => {
      timed.push(one);
      return 7;
    },
    end: async () => void ended++,
  }),
};
const limit = limitAt(100, sources, (sentence) => void problems.push(sentence));

test('products take their counted operations over the rate', async () => {
  expect(limit.seconds(250)).toBe(2.5);
  expect(await limit.secondsOf(job)).toBe((2 * 6 ** 3 * 5) / 100);
  expect(timed).toEqual([]);
  expect(problems).toEqual([]);
}, 60_000);

test.each(['output', 'input', 'filter'] as const)(
  'a convolution, of its %s, takes the time in which that very one is computed',
  async (of) => {
    timed.length = 0;
    const one = { of, ...convolution };
    const convolving: ConvolutionJob = { kind: 'convolution', ...NONE, convolution: one, times: 3, layout: 'last' };
    expect(await limit.secondsOf(convolving)).toBe(3 * 7);
    // TensorFlow.js describes the same convolution to its kernel as the job was told.
    expect(timed).toEqual([one]);
  },
  60_000,
);

test('a job that cannot be counted has no limit, and that is told', async () => {
  const other = limitAt(100, sources, (sentence) => void problems.push(sentence));
  expect(await other.secondsOf({ ...job, kind: 'unknown' })).toBeNull();
  expect(problems).toEqual([expect.stringMatching(/of kind unknown on none could not be counted.*"unknown"/)]);
  await other.end();
  await limit.end();
  expect(ended).toBe(1);
}, 60_000);
