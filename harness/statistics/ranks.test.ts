import fc from 'fast-check';
import { sampleRankCorrelation } from 'simple-statistics';
import { expect, test } from 'vitest';
import { averageRanks, spearman } from './ranks.ts';

const A = [1, 2, 2, 3, 0, 0, 0, 5];
const B = [2, 1, 4, 4, 0, 0, 1, 3];

test('ranks equal scipy 1.17.1, scipy.stats.rankdata(a)', () => {
  expect([...averageRanks(A)]).toEqual([4, 5.5, 5.5, 7, 2, 2, 2, 8]);
  expect([...averageRanks([0, -0, -1])]).toEqual([2.5, 2.5, 1]);
});

test('the correlation equals scipy 1.17.1, scipy.stats.spearmanr(a, b)', () => {
  expect(spearman(A, B)).toBeCloseTo(0.8000625073251726, 12);
});

test('the correlation equals the library over lists with many ties', () => {
  const pairs = fc.array(fc.tuple(fc.integer({ min: -3, max: 3 }), fc.integer({ min: -3, max: 3 })), { minLength: 2 });
  fc.assert(
    fc.property(pairs, (both) => {
      const [x, y] = [both.map(([a]) => a), both.map(([, b]) => b)];
      const expected = sampleRankCorrelation(x, y);
      const got = spearman(Float32Array.from(x), Float32Array.from(y));
      if (Number.isNaN(expected)) expect(got).toBeNull();
      else expect(got).toBeCloseTo(expected, 10);
    }),
    { seed: 1 },
  );
});

test('a constant list has no rank correlation', () => {
  expect(spearman([1, 1, 1], [1, 2, 3])).toBeNull();
  expect(spearman([], [])).toBeNull();
  expect(() => spearman([1], [1, 2])).toThrow('as many');
});
