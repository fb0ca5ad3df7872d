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
const coarseNext = new Uint32Array(COARSE);
let scratch: Scratch = { keys: new Uint32Array(), members: new Float64Array() };
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
 * equal values of which some are marked and some are not. Nothing is sorted: values are counted in buckets, and in the
 * bucket where a count ends the last value that it takes is selected.
 */
export function markedAmongHighest(
  values: Float32Array,
  by: Rank,
  marked: Uint8Array,
  counts: readonly number[],
  ties: () => Uint32Array,
): number[] {
  const { keys, members } = scratchFor(values.length);
  orderedKeys(values, by, keys);
  const sizes = coarseSizes.fill(0);
  const marks = coarseMarks.fill(0);
  let bucket = 0;
  for (let place = 0; place < keys.length; place++) {
    const own = (keys[place] as number) >>> COARSE_SHIFT;
    sizes[own] = (sizes[own] as number) + 1;
    marks[own] = (marks[own] as number) + (marked[place] as number);
    if (own > bucket) bucket = own;
  }
  const ends: { readonly bucket: number; readonly rest: number; readonly marksAbove: number }[] = [];
  let [above, marksAbove] = [0, 0];
  for (const count of counts) {
    for (; bucket >= 0 && above + (sizes[bucket] as number) <= count; bucket--) {
      above += sizes[bucket] as number;
      marksAbove += marks[bucket] as number;
    }
    ends.push({ bucket, rest: Math.min(count, keys.length) - above, marksAbove });
  }
  const cut = ends.filter(({ rest }) => rest > 0).map((end) => end.bucket);
  const membersOf = gathered(keys, marked, cut, sizes, members);
  return ends.map((end) => {
    if (end.rest === 0) return end.marksAbove;
    return end.marksAbove + markedOfHighest(membersOf(end.bucket), keys, marked, end.rest, ties);
  });
}

interface Scratch {
  readonly keys: Uint32Array;
  readonly members: Float64Array;
}

function scratchFor(length: number): Scratch {
  if (scratch.keys.length !== length) scratch = { keys: new Uint32Array(length), members: new Float64Array(length) };
  return scratch;
}

/** The keys of each of some coarse buckets, with a half more for those that are marked, in one pass. */
function gathered(
  keys: Uint32Array,
  marked: Uint8Array,
  buckets: readonly number[],
  sizes: Uint32Array,
  members: Float64Array,
): (bucket: number) => Float64Array {
  // Where the next member of a bucket goes, one further on: nowhere is 0.
  const next = coarseNext.fill(0);
  let end = 0;
  for (const bucket of buckets) {
    if (next[bucket] !== 0) continue;
    next[bucket] = end + 1;
    end += sizes[bucket] as number;
  }
  for (let place = 0; place < keys.length; place++) {
    const key = keys[place] as number;
    const bucket = key >>> COARSE_SHIFT;
    const to = next[bucket] as number;
    if (to === 0) continue;
    members[to - 1] = key + 0.5 * (marked[place] as number);
    next[bucket] = to + 1;
  }
  return (bucket) => {
    const after = (next[bucket] as number) - 1;
    return members.subarray(after - (sizes[bucket] as number), after);
  };
}

/** How many of the `count` highest of a bucket's members are marked, at least one and not all of which are asked for. */
function markedOfHighest(
  members: Float64Array,
  keys: Uint32Array,
  marked: Uint8Array,
  count: number,
  ties: () => Uint32Array,
): number {
  const last = Math.floor(selected(members, members.length - count));
  let [higher, marksOfHigher] = [0, 0];
  let [equal, marksOfEqual] = [0, 0];
  for (let i = 0; i < members.length; i++) {
    const member = members[i] as number;
    const key = Math.floor(member);
    const mark = 2 * (member - key);
    if (key > last) {
      higher++;
      marksOfHigher += mark;
    } else if (key === last) {
      equal++;
      marksOfEqual += mark;
    }
  }
  const taken = count - higher;
  if (marksOfEqual === 0) return marksOfHigher;
  if (marksOfEqual === equal) return marksOfHigher + taken;
  let found = 0;
  let among = 0;
  const order = ties();
  for (let i = 0; found < taken; i++) {
    const place = order[i] as number;
    if (keys[place] !== last) continue;
    found++;
    among += marked[place] as number;
  }
  return marksOfHigher + among;
}

/** The value that would stand at a place in ascending order; changes the order. Hoare, "Find", CACM 4(7), 1961. */
function selected(values: Float64Array, place: number): number {
  let low = 0;
  let high = values.length - 1;
  while (low < high) {
    const pivot = values[place] as number;
    let [left, right] = [low, high];
    while (left <= right) {
      while ((values[left] as number) < pivot) left++;
      while ((values[right] as number) > pivot) right--;
      if (left > right) break;
      const value = values[left] as number;
      values[left] = values[right] as number;
      values[right] = value;
      left++;
      right--;
    }
    if (right < place) low = left;
    if (left > place) high = right;
  }
  return values[place] as number;
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
function orderedKeys(values: Float32Array, by: Rank, keys: Uint32Array = new Uint32Array(values.length)): Uint32Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  for (let i = 0; i < bits.length; i++) {
    const word = bits[i] as number;
    const magnitude = word & 0x7fffffff;
    if (by === 'magnitude') keys[i] = magnitude;
    else keys[i] = word >>> 31 === 1 ? 0x80000000 - magnitude : 0x80000000 + magnitude;
  }
  return keys;
}
