/**
 * Which coordinates of an image stay: the top or the bottom share of an attribution map.
 *
 * Coordinates are ranked one by one over height x width x channels, as in the paper, not pixel by pixel.
 * Ties are broken by a random order of the image's own, the same for every method, level and side: an order
 * by index would unmask whichever corner comes first in memory.
 */
import type { Rank } from '../contracts.ts';
import type { Stream } from '../random.ts';
import { ascendingPlaces } from '../statistics/float-order.ts';

/** The most attributed coordinates, or the least. */
export type Side = 'top' | 'bottom';

/**
 * Coordinates kept at a level: the nearest integer to level x size.
 *
 * A half is rounded down, so that the top and the bottom half of an odd number of coordinates share none.
 */
export function keptCount(level: number, size: number): number {
  if (!(level >= 0 && level <= 1)) {
    throw new RangeError(`[attribench] level ${level}, expected a share of coordinates kept, 0 to 1`);
  }
  return Math.max(0, Math.ceil(level * size - 0.5));
}

/**
 * The coordinates of one map [size] from the least to the most attributed.
 *
 * By 'magnitude' v and -v are equal, by 'value' 0 and -0; equal entries stand in the order of
 * `ties().permutation(size)`, which is drawn only where two are equal: drawing costs as much as the sorting.
 * Throws where an entry is not finite.
 */
export function rankCoordinates(map: Float32Array, rank: Rank, ties: () => Stream): Uint32Array {
  let zeros = 0;
  for (let i = 0; i < map.length; i++) {
    const value = map[i] as number;
    if (!Number.isFinite(value)) {
      throw new Error(`[attribench] a map holds ${value} at coordinate ${i}, expected finite numbers`);
    }
    if (value === 0) zeros++;
  }
  // Zeros are what most maps with ties have: those are not sorted in vain.
  if (zeros < 2) {
    const order = ascendingPlaces(map, rank);
    if (!hasTies(map, rank, order)) return order;
  }
  return ascendingPlaces(map, rank, ties().permutation(map.length));
}

/** Whether two neighbours in an ascending order are equal. */
function hasTies(map: Float32Array, rank: Rank, order: Uint32Array): boolean {
  const magnitude = rank === 'magnitude';
  let last = Number.NaN;
  for (let i = 0; i < order.length; i++) {
    const value = map[order[i] as number] as number;
    const key = magnitude ? Math.abs(value) : value;
    if (key === last) return true;
    last = key;
  }
  return false;
}

/**
 * The mask [size] of one image: 1 at the `keptCount(level, size)` coordinates that stay, 0 at those removed.
 *
 * `ranks` as `rankCoordinates` gives them. The bottom mask of a level is the complement of the top mask of
 * the rest, wherever their counts add up to the size.
 */
export function keepMask(ranks: Uint32Array, level: number, side: Side): Uint8Array {
  const size = ranks.length;
  const kept = keptCount(level, size);
  const chosen = side === 'top' ? ranks.subarray(size - kept) : ranks.subarray(0, kept);
  const mask = new Uint8Array(size);
  for (let i = 0; i < kept; i++) mask[chosen[i] as number] = 1;
  return mask;
}
