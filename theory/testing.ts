/**
 * What the property tests of this room share.
 */
import { fc } from '@fast-check/vitest';
import { makeSetting, type Setting } from '../datasets/simplified-blockmnist/distribution.ts';
import { stream } from '../harness/random.ts';

/** Cases a property: 100 in `npm test`, 10,000 in `npm run test:theory`. */
export const CASES = Number(process.env.ATTRIBENCH_THEORY_RUNS ?? 100);

/**
 * Settings over even d in 2 .. 64, d~ in 1 .. 16, u* in any direction and 0 <= eta < share/d.
 *
 * They shrink towards d = 2, d~ = 1, eta = 0 and u* = the first axis. `share` is 1/10 in the paper.
 */
export function settings(share = 0.1): fc.Arbitrary<Setting> {
  return fc
    .record({
      half: fc.integer({ min: 1, max: 32 }),
      dimension: fc.integer({ min: 1, max: 16 }),
      noise: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      rotation: fc.nat({ max: 999_999 }),
    })
    .map(({ half, dimension, noise, rotation }) => {
      const blocks = 2 * half;
      const parts = { blocks, dimension, noise: (noise * share) / blocks };
      // 0 is the first axis, so that a counterexample reads well; every other number draws a direction.
      if (rotation === 0) return makeSetting(parts);
      return makeSetting({ ...parts, direction: stream('test', 'rotation', rotation).normals(dimension) });
    });
}
