import { describe, expect, test } from 'vitest';
import { gridRadii } from './grid.ts';
import { QUICK_PROOF, storedPoints } from './stored.ts';
import { flawOf } from './verify.ts';

const points = storedPoints();

test('d <= 8 is settled at every radius, the twentieths among them', () => {
  for (const d of [2, 4, 6, 8]) {
    const settled = points.filter((point) => point.d === d && point.status !== 'open').map(({ eps }) => eps);
    expect(settled).toEqual(gridRadii(d).map(String));
  }
});

describe('the committed map holds, refutations and short proofs', () => {
  const quick = points.filter(({ upper }) => (upper?.cones ?? 0) <= QUICK_PROOF);
  test.each(quick.map((point) => [point.d, point.eps, point] as const))('d = %i, eps = %s', (_, __, point) => {
    expect(flawOf(point)).toBeUndefined();
  });
});
