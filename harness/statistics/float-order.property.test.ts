import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import type { Rank } from '../contracts.ts';
import { stream } from '../random.ts';
import { ascendingPlaces, highestPlaces } from './float-order.ts';

const values = fc.array(
  fc.oneof(fc.float({ noNaN: true }), fc.constantFrom(0, -0, 1, -1, 2 ** -149, -(2 ** -149), Infinity, -Infinity)),
  { maxLength: 300 },
);

/** A stable comparison sort of the places in `start`. */
function slowPlaces(list: readonly number[], by: Rank, start: readonly number[]): number[] {
  const key = (place: number) => (by === 'magnitude' ? Math.abs(list[place] ?? 0) : (list[place] ?? 0));
  return [...start].sort((a, b) => (key(a) === key(b) ? 0 : key(a) < key(b) ? -1 : 1));
}

test.prop([values, fc.constantFrom<Rank>('value', 'magnitude'), fc.integer()])(
  'sorts as a stable comparison sort does, from any order',
  (list, by, seed) => {
    const start = stream('start', seed).permutation(list.length);
    const slow = slowPlaces(list, by, [...start]);
    expect([...ascendingPlaces(Float32Array.from(list), by, start)]).toEqual(slow);
    const places = list.map((_, place) => place);
    expect([...ascendingPlaces(Float32Array.from(list), by)]).toEqual(slowPlaces(list, by, places));
  },
);

test.prop([values, fc.constantFrom<Rank>('value', 'magnitude'), fc.integer(), fc.nat(320)])(
  'takes the highest as a whole sort does, ties included, from any choice of places',
  (list, by, seed, count) => {
    const random = stream('choice', seed);
    const start = random.permutation(list.length).subarray(0, list.length === 0 ? 0 : random.integer(list.length + 1));
    const slow = slowPlaces(list, by, [...start]);
    expect([...ascendingPlaces(Float32Array.from(list), by, start)]).toEqual(slow);
    const highest = highestPlaces(Float32Array.from(list), by, start, count);
    const backwards = slowPlaces(list, by, [...start].reverse()).reverse();
    expect([...highest]).toEqual(backwards.slice(0, count));
  },
);

test('reads a view of a longer array', () => {
  const whole = Float32Array.from([9, 3, 1, 2, 9]);
  expect([...ascendingPlaces(whole.subarray(1, 4), 'value')]).toEqual([1, 2, 0]);
});
