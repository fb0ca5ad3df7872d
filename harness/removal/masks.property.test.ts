import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import type { Rank } from '../contracts.ts';
import { stream } from '../random.ts';
import { keepMask, keptCount, rankCoordinates, type Side } from './masks.ts';

const map = fc
  .array(fc.oneof(fc.float({ noNaN: true, noDefaultInfinity: true }), fc.constantFrom(0, -0, 1, -1)), {
    minLength: 1,
    maxLength: 120,
  })
  .map((values) => Float32Array.from(values));
const rank = fc.constantFrom<Rank>('magnitude', 'value');
const level = fc.oneof(
  fc.constantFrom(0, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9, 1),
  // Not fc.double, most of whose values below 1 lie next to 0.
  fc.nat(1000).map((share) => share / 1000),
);
const seed = fc.integer();

/** By definition: sort by value, ties by their place in the permutation, and take from one end. */
function slowMask(values: Float32Array, by: Rank, permutation: Uint32Array, kept: number, side: Side): number[] {
  const key = (i: number) => (by === 'magnitude' ? Math.abs(values[i] ?? 0) : (values[i] ?? 0));
  const order = [...values.keys()].sort((a, b) => key(a) - key(b) || permutation.indexOf(a) - permutation.indexOf(b));
  const chosen = side === 'top' ? order.slice(order.length - kept) : order.slice(0, kept);
  return [...values.keys()].map((i) => (chosen.includes(i) ? 1 : 0));
}

const ones = (mask: Uint8Array) => mask.reduce((sum, kept) => sum + kept, 0);

describe('a mask', () => {
  test.prop([map, rank, level, fc.constantFrom<Side>('top', 'bottom'), seed])('equals its slow twin', (...drawn) => {
    const [values, by, share, side, name] = drawn;
    const mask = keepMask(
      rankCoordinates(values, by, () => stream('ties', name)),
      share,
      side,
    );
    const permutation = stream('ties', name).permutation(values.length);
    expect([...mask]).toEqual(slowMask(values, by, permutation, keptCount(share, values.length), side));
  });

  test.prop([map, rank, level, seed])('keeps exactly k; top and bottom are complements', (values, by, share, name) => {
    const ranks = rankCoordinates(values, by, () => stream('ties', name));
    const [top, bottom] = [keepMask(ranks, share, 'top'), keepMask(ranks, share, 'bottom')];
    const kept = keptCount(share, values.length);
    expect([ones(top), ones(bottom)]).toEqual([kept, kept]);
    if (share <= 0.5) expect(top.some((one, i) => one === 1 && bottom[i] === 1)).toBe(false);
    const rest = (values.length - kept) / values.length;
    expect([...keepMask(ranks, rest, 'bottom')]).toEqual(Array.from(top, (one) => 1 - one));
  });

  test.prop([map, rank, seed])('grows with the level', (values, by, name) => {
    const ranks = rankCoordinates(values, by, () => stream('ties', name));
    for (const side of ['top', 'bottom'] as const) {
      const [small, large] = [keepMask(ranks, 0.2, side), keepMask(ranks, 0.6, side)];
      expect(small.every((one, i) => one <= (large[i] ?? 0))).toBe(true);
    }
  });
});

test('k is the nearest integer, a half rounded down', () => {
  expect([0.05, 0.1, 0.3, 0.9].map((share) => keptCount(share, 784))).toEqual([39, 78, 235, 706]);
  expect([keptCount(0.5, 3), keptCount(0, 784), keptCount(1, 784)]).toEqual([1, 0, 784]);
  for (const wrong of [-0.1, 1.1, Number.NaN]) expect(() => keptCount(wrong, 4)).toThrow(`level ${wrong}`);
});

test('ties are drawn only where two entries are equal', () => {
  const refuse = () => expect.fail('drawn');
  expect([...rankCoordinates(Float32Array.of(3, -1, 0, 2), 'value', refuse)]).toEqual([1, 2, 3, 0]);
  expect([...rankCoordinates(Float32Array.of(3, -1, 0, 2), 'magnitude', refuse)]).toEqual([2, 1, 3, 0]);
  for (const [values, by] of [
    [[1, 2, -1], 'magnitude'],
    [[1, 2, 1], 'value'],
    [[0, 2, -0], 'value'],
  ] as const) {
    let drawn = 0;
    rankCoordinates(Float32Array.from(values), by, () => {
      drawn++;
      return stream('ties');
    });
    expect(drawn).toBe(1);
  }
});

test('a constant map keeps any coordinate equally often', () => {
  const runs = 2000;
  const counts = new Float64Array(20);
  for (let image = 0; image < runs; image++) {
    keepMask(
      rankCoordinates(new Float32Array(20), 'value', () => stream('ties', image)),
      0.25,
      'top',
    ).forEach((kept, i) => {
      counts[i] = (counts[i] ?? 0) + kept;
    });
  }
  // Chi-squared with 19 degrees of freedom, inflated since draws are without replacement; 0.999 quantile 43.8.
  const expected = runs / 4;
  const chi = counts.reduce((sum, count) => sum + (count - expected) ** 2 / (expected * 0.75), 0) * (19 / 20);
  expect(chi).toBeLessThan(43.8);
});

test.each([Number.NaN, Number.POSITIVE_INFINITY])('%f in a map is refused', (value) => {
  expect(() => rankCoordinates(Float32Array.of(1, value), 'value', () => stream('ties'))).toThrow(
    `a map holds ${value} at coordinate 1`,
  );
});
