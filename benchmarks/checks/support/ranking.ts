/**
 * The order in which a map ranks coordinates, ties broken by a given random order.
 *
 * A tie broken by index would favour whichever block comes first in memory: maps with many equal entries
 * (zero backgrounds, constant maps) would score by the layout of the image.
 */
import { highestPlaces, type Rank } from 'attribench';

/**
 * The `count` highest coordinates of a map, highest first.
 *
 * `ties` is a permutation of the coordinates: among equal values the earlier one ranks higher. By
 * 'magnitude' v and -v are equal; by 'value' 0 and -0 are. Throws where an entry is not finite.
 */
export function highest(map: Float32Array, rank: Rank, ties: Uint32Array, count: number): Uint32Array {
  const n = map.length;
  if (ties.length !== n || count > n) {
    throw new RangeError(
      `[attribench] highest: got ${count} of ${n} coordinates and ${ties.length} ties, expected as many ties as coordinates`,
    );
  }
  refuseNonFinite(map);
  return highestPlaces(map, rank, ties, count);
}

function refuseNonFinite(map: Float32Array): void {
  for (let i = 0; i < map.length; i++) {
    if (!Number.isFinite(map[i])) {
      throw new Error(
        `[attribench] a map holds a value that is not finite at coordinate ${i}, expected finite numbers`,
      );
    }
  }
}
