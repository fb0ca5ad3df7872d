/**
 * Rank correlation. Tied values share the average of the ranks that they span: ranks by position would
 * make two maps with the same zero background look alike.
 */

import { ascendingPlaces } from './float-order.ts';

type Numbers = Float32Array | Float64Array | readonly number[];

/** Ranks from 1, ties averaged; -0 ties with 0. Every value must be a number. */
export function averageRanks(values: Numbers): Float64Array {
  const order = values instanceof Float32Array ? ascendingPlaces(values, 'value') : comparedPlaces(values);
  const ranks = new Float64Array(values.length);
  for (let start = 0; start < order.length; ) {
    const value = values[order[start] as number];
    let end = start + 1;
    while (end < order.length && values[order[end] as number] === value) end++;
    for (let i = start; i < end; i++) ranks[order[i] as number] = (start + 1 + end) / 2;
    start = end;
  }
  return ranks;
}

/** Places of the values in ascending order. */
function comparedPlaces(values: Numbers): Uint32Array {
  return Uint32Array.from(values.keys()).sort((a, b) => (values[a] as number) - (values[b] as number));
}

/** Spearman's rank correlation with average ranks; null where either list is constant or empty. */
export function spearman(a: Numbers, b: Numbers): number | null {
  if (a.length !== b.length) {
    throw new RangeError(`[attribench] spearman: got ${a.length} and ${b.length} values, expected as many`);
  }
  const x = averageRanks(a);
  const y = averageRanks(b);
  const centre = (a.length + 1) / 2;
  let xx = 0;
  let yy = 0;
  let xy = 0;
  for (let i = 0; i < x.length; i++) {
    const dx = (x[i] as number) - centre;
    const dy = (y[i] as number) - centre;
    xx += dx * dx;
    yy += dy * dy;
    xy += dx * dy;
  }
  return xx === 0 || yy === 0 ? null : xy / Math.sqrt(xx * yy);
}
