import { type Rank, type Stream, stream } from 'attribench';
import { expect, test } from 'vitest';
import { highest } from './ranking.ts';

/** By definition: sort all coordinates by value, then by their place in the random order. */
function slowHighest(map: Float32Array, rank: Rank, ties: Uint32Array, count: number): number[] {
  const key = (i: number) => (rank === 'magnitude' ? Math.abs(map[i] ?? 0) : (map[i] ?? 0));
  return [...map.keys()].sort((a, b) => key(b) - key(a) || ties.indexOf(a) - ties.indexOf(b)).slice(0, count);
}

const SOURCES: readonly [string, (random: Stream) => number][] = [
  ['normal values', (random) => random.normal()],
  ['few values, many ties, both zeros', (random) => [-2, -1, -0, 0, 1, 2][random.integer(6)] ?? 0],
  ['very large and very small values', (random) => random.normal() * 10 ** (random.integer(80) - 42)],
  ['a constant', () => 0.5],
];

test.each(SOURCES)('the order of %s equals its slow twin, by magnitude and by value', (name, draw) => {
  const random = stream('ranking', name);
  for (let run = 0; run < 20; run++) {
    const map = Float32Array.from({ length: 60 }, () => draw(random));
    const ties = random.permutation(60);
    for (const rank of ['magnitude', 'value'] as const) {
      expect([...highest(map, rank, ties, 25)]).toEqual(slowHighest(map, rank, ties, 25));
    }
  }
});

test('a view into a longer array ranks its own entries', () => {
  const all = Float32Array.from([9, 9, 9, 1, 3, 2]);
  expect([...highest(all.subarray(3), 'value', Uint32Array.of(0, 1, 2), 3)]).toEqual([1, 2, 0]);
});

test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])('%f is refused', (value) => {
  const map = Float32Array.from([1, value, 3]);
  expect(() => highest(map, 'value', Uint32Array.of(0, 1, 2), 1)).toThrow('not finite at coordinate 1');
});

test('ties of another length are refused', () => {
  expect(() => highest(new Float32Array(3), 'value', Uint32Array.of(0, 1), 1)).toThrow('as many ties as coordinates');
});
