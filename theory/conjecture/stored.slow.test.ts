import { describe, expect, test } from 'vitest';
import { QUICK_PROOF, storedPoints } from './stored.ts';
import { flawOf } from './verify.ts';

describe('the committed map holds, long proofs', () => {
  const long = storedPoints().filter(({ upper }) => (upper?.cones ?? 0) > QUICK_PROOF);
  test.each(long.map((point) => [point.d, point.eps, point] as const))(
    'd = %i, eps = %s',
    (_, __, point) => {
      expect(flawOf(point)).toBeUndefined();
    },
    600_000,
  );
});
