import { afterAll, expect, test } from 'vitest';
import { counter } from './contestant.ts';
import { limitAt } from './limit.ts';
import type { ProductsJob } from './products.ts';

const job: ProductsJob = { kind: 'products', network: 'none', classes: 0, file: '', size: 6, times: 5 };
const problems: string[] = [];
const limit = limitAt(
  100,
  () => counter('cpu'),
  (sentence) => void problems.push(sentence),
);
afterAll(() => limit.end());

test('a job takes its counted operations over the rate', async () => {
  expect(limit.seconds(250)).toBe(2.5);
  expect(await limit.secondsOf(job)).toBe((2 * 6 ** 3 * 5) / 100);
  expect(problems).toEqual([]);
}, 60_000);

test('a job that cannot be counted has no limit, and that is told', async () => {
  expect(await limit.secondsOf({ ...job, kind: 'unknown' })).toBeNull();
  expect(problems).toEqual([expect.stringMatching(/of kind unknown on none could not be counted.*"unknown"/)]);
}, 60_000);
