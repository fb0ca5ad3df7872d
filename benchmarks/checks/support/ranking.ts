/**
 * The order in which a map ranks coordinates, ties broken by a given random order.
 *
 * A tie broken by index would favour whichever block comes first in memory: maps with many equal entries
 * (zero backgrounds, constant maps) would score by the layout of the image. Each value and its place in
 * the random order are packed into one float64, so that a plain numeric sort settles both at once.
 */
import type { Rank } from 'attribench';

/** Coordinates that fit beside 32 bits of value in the 53 exact bits of a float64. */
const MOST_COORDINATES = 2 ** 21;

/**
 * The `count` highest coordinates of a map, highest first.
 *
 * `ties` is a permutation of the coordinates: among equal values the earlier one ranks higher. By
 * 'magnitude' v and -v are equal; by 'value' 0 and -0 are. Throws where an entry is not finite.
 */
export function highest(map: Float32Array, rank: Rank, ties: Uint32Array, count: number): Uint32Array {
  const n = map.length;
  if (ties.length !== n || count > n || n > MOST_COORDINATES) {
    throw new RangeError(
      `[attribench] highest: got ${count} of ${n} coordinates and ${ties.length} ties, expected as many ties as coordinates, at most 2^21`,
    );
  }
  const bits = new Uint32Array(map.buffer, map.byteOffset, n);
  const keys = new Float64Array(n);
  for (let place = 0; place < n; place++) {
    const key = rank === 'magnitude' ? magnitudeKey(bits, ties, place) : valueKey(bits, ties, place);
    keys[place] = key * MOST_COORDINATES + (n - 1 - place);
  }
  keys.sort();
  return Uint32Array.from({ length: count }, (_, i) => {
    const place = n - 1 - ((keys[n - 1 - i] as number) % MOST_COORDINATES);
    return ties[place] as number;
  });
}

/** An unsigned integer that orders as |v|: float32 bits without their sign. */
function magnitudeKey(bits: Uint32Array, ties: Uint32Array, place: number): number {
  const magnitude = (bits[ties[place] as number] as number) & 0x7fffffff;
  if (magnitude >= 0x7f800000) {
    throw new Error(
      `[attribench] a map holds a value that is not finite at coordinate ${ties[place]}, expected finite numbers`,
    );
  }
  return magnitude;
}

/** An unsigned integer that orders as v: 2^31 plus or minus the magnitude. */
function valueKey(bits: Uint32Array, ties: Uint32Array, place: number): number {
  const magnitude = magnitudeKey(bits, ties, place);
  const negative = (bits[ties[place] as number] as number) >>> 31 === 1;
  return 0x80000000 + (negative ? -magnitude : magnitude);
}
