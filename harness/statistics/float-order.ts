/**
 * The order of float32 values, by a stable radix sort of their bits.
 *
 * Comparison sorts mispredict half of their branches on random values: on maps of 1,568 entries this is
 * several times faster. Stability is what breaks ties: equal values keep the order that they came in.
 */
import type { Rank } from '../contracts.ts';

const RADIX = 256;
const DIGITS = 4;

/** Buckets by sign, exponent and the first three bits of the fraction. */
const COARSE_SHIFT = 20;
const COARSE = 2 ** (32 - COARSE_SHIFT);

// Used again by every call: new arrays cost as much as the sorting of a short list.
const coarseSizes = new Uint32Array(COARSE);
const coarseMarks = new Uint32Array(COARSE);
const digitCounts = new Uint32Array(DIGITS * RADIX);

/**
 * The places of `start` (all, by default) in ascending order of their values; equal values in the order of `start`.
 *
 * By 'magnitude' v and -v are equal; by 'value' 0 and -0 are. NaN sorts beyond infinity.
 */
export function ascendingPlaces(
  values: Float32Array,
  by: Rank,
  start: Uint32Array = placesUpTo(values.length),
): Uint32Array {
  return sorted(orderedKeys(values, by), start);
}

/**
 * How many of the `count` highest places are marked (1), for each of some ascending counts up to the number of values.
 *
 * Of equal values the earlier in the order that `ties` gives ranks higher. It is asked only where a count ends among
 * equal values of which some are marked and some are not; nothing is sorted but what lies around a count.
 */
export function markedAmongHighest(
  values: Float32Array,
  by: Rank,
  marked: Uint8Array,
  counts: readonly number[],
  ties: () => Uint32Array,
): number[] {
  const keys = orderedKeys(values, by);
  const sizes = coarseSizes.fill(0);
  const marks = coarseMarks.fill(0);
  for (let place = 0; place < keys.length; place++) {
    const bucket = (keys[place] as number) >>> COARSE_SHIFT;
    sizes[bucket] = (sizes[bucket] as number) + 1;
    marks[bucket] = (marks[bucket] as number) + (marked[place] as number);
  }
  let bucket = COARSE - 1;
  let [above, marksAbove] = [0, 0];
  let members: Uint32Array | undefined;
  return counts.map((count) => {
    for (; bucket >= 0 && above + (sizes[bucket] as number) <= count; bucket--) {
      above += sizes[bucket] as number;
      marksAbove += marks[bucket] as number;
      members = undefined;
    }
    const rest = Math.min(count, keys.length) - above;
    if (rest === 0) return marksAbove;
    members ??= sorted(keys, inBucket(keys, bucket, sizes[bucket] as number));
    return marksAbove + markedOfLast(members, keys, marked, rest, ties);
  });
}

/** The places of a coarse bucket. */
function inBucket(keys: Uint32Array, bucket: number, size: number): Uint32Array {
  const places = new Uint32Array(size);
  let found = 0;
  for (let place = 0; found < size; place++) {
    if ((keys[place] as number) >>> COARSE_SHIFT === bucket) places[found++] = place;
  }
  return places;
}

/** How many of the `count` last of some places in ascending order are marked. */
function markedOfLast(
  ascending: Uint32Array,
  keys: Uint32Array,
  marked: Uint8Array,
  count: number,
  ties: () => Uint32Array,
): number {
  const first = ascending.length - count;
  const key = keys[ascending[first] as number] as number;
  // Equal keys from `low` to `high`, of which those from `first` on are taken.
  let [low, high] = [first, first];
  while (low > 0 && keys[ascending[low - 1] as number] === key) low--;
  while (high < ascending.length && keys[ascending[high] as number] === key) high++;
  let above = 0;
  for (let i = high; i < ascending.length; i++) above += marked[ascending[i] as number] as number;
  let equal = 0;
  for (let i = low; i < high; i++) equal += marked[ascending[i] as number] as number;
  const taken = high - first;
  if (equal === 0) return above;
  if (equal === high - low) return above + taken;
  let found = 0;
  let among = 0;
  const order = ties();
  for (let i = 0; found < taken; i++) {
    const place = order[i] as number;
    if (keys[place] !== key) continue;
    found++;
    among += marked[place] as number;
  }
  return above + among;
}

/** A stable radix sort of places by their keys. */
function sorted(keys: Uint32Array, start: Uint32Array): Uint32Array {
  const n = start.length;
  const counts = digitCounts.fill(0);
  for (let i = 0; i < n; i++) {
    const key = keys[start[i] as number] as number;
    for (let digit = 0; digit < DIGITS; digit++) {
      const slot = digit * RADIX + ((key >>> (8 * digit)) & 0xff);
      counts[slot] = (counts[slot] as number) + 1;
    }
  }
  let from = start;
  const buffers = [new Uint32Array(n), new Uint32Array(n)] as const;
  for (let digit = 0; digit < DIGITS; digit++) {
    const slots = counts.subarray(digit * RADIX, (digit + 1) * RADIX);
    let before = 0;
    for (let slot = 0; slot < RADIX; slot++) {
      const count = slots[slot] as number;
      slots[slot] = before;
      before += count;
    }
    const to = buffers[digit % 2 === 0 ? 0 : 1];
    for (let i = 0; i < n; i++) {
      const place = from[i] as number;
      const slot = ((keys[place] as number) >>> (8 * digit)) & 0xff;
      const at = slots[slot] as number;
      slots[slot] = at + 1;
      to[at] = place;
    }
    from = to;
  }
  return from;
}

function placesUpTo(n: number): Uint32Array {
  const places = new Uint32Array(n);
  for (let i = 0; i < n; i++) places[i] = i;
  return places;
}

/** Unsigned integers that order as the values do: the magnitude's bits, or 2^31 plus or minus them. */
function orderedKeys(values: Float32Array, by: Rank): Uint32Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const keys = new Uint32Array(bits.length);
  for (let i = 0; i < bits.length; i++) {
    const word = bits[i] as number;
    const magnitude = word & 0x7fffffff;
    if (by === 'magnitude') keys[i] = magnitude;
    else keys[i] = word >>> 31 === 1 ? 0x80000000 - magnitude : 0x80000000 + magnitude;
  }
  return keys;
}
