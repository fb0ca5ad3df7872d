import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import type { Rank } from '../contracts.ts';
import { stream } from '../random.ts';
import { ascendingPlaces, markedAmongHighest } from './float-order.ts';

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

/** Any values; few of them and many ties; or many that differ in their last bits. */
const near = fc.integer({ min: -90, max: 90 }).map((k) => Math.sign(k) * (1 + Math.abs(k) / 4096));
const maps = fc.oneof(
  values,
  fc.array(fc.constantFrom(0, -0, 1, -1, 2 ** -149), { maxLength: 60 }),
  fc.array(near, { maxLength: 60 }),
);

test.prop([
  maps,
  fc.constantFrom<Rank>('value', 'magnitude'),
  fc.integer(),
  fc.array(fc.nat(100), { minLength: 1, maxLength: 8 }),
])('counts the marked among the highest as a whole sort does, ties included', (list, by, seed, shares) => {
  const random = stream('marked', seed);
  const marked = Uint8Array.from(list, () => random.integer(2));
  const ties = random.permutation(list.length);
  const counts = shares.map((share) => Math.round((share * list.length) / 100)).sort((a, b) => a - b);
  const descending = slowPlaces(list, by, [...ties].reverse()).reverse();
  const slow = counts.map((count) => descending.slice(0, count).filter((place) => marked[place] === 1).length);
  expect(markedAmongHighest(Float32Array.from(list), by, marked, counts, () => ties)).toEqual(slow);
});

test('asks for the order of ties only where it matters', () => {
  const never = () => {
    throw new Error('no tie was to be broken');
  };
  const of = (values: readonly number[], marked: readonly number[], counts: readonly number[]) =>
    markedAmongHighest(Float32Array.from(values), 'value', Uint8Array.from(marked), counts, never);
  expect(of([3, 1, 2, 4], [1, 1, 0, 0], [0, 1, 2, 3, 4])).toEqual([0, 0, 1, 1, 2]);
  expect(of([5, 0, 0, 0], [1, 1, 1, 1], [1, 2, 3])).toEqual([1, 2, 3]);
  expect(of([5, 0, 0, 0], [1, 0, 0, 0], [1, 2, 3])).toEqual([1, 1, 1]);
  expect(of([0, 7, 0, 7], [0, 1, 1, 0], [2, 4])).toEqual([1, 2]);
  expect(() => of([0, 7, 0, 7], [0, 1, 1, 0], [1])).toThrow('no tie was to be broken');
});

test('reads a view of a longer array', () => {
  const whole = Float32Array.from([9, 3, 1, 2, 9]);
  expect([...ascendingPlaces(whole.subarray(1, 4), 'value')]).toEqual([1, 2, 0]);
});
