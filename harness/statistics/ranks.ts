/**
 * Rank correlation. Tied values share the average of the ranks that they span: ranks by position would
 * make two maps with the same zero background look alike.
 */

type Numbers = Float32Array | Float64Array | readonly number[];

/** Ranks from 1, ties averaged; -0 ties with 0. Every value must be a number. */
export function averageRanks(values: Numbers): Float64Array {
  const sorted = new Float64Array(values).sort();
  // The rank of each run of equal values, by the place where the run starts.
  const ranks = new Float64Array(sorted.length);
  for (let start = 0; start < sorted.length; ) {
    let end = start + 1;
    while (end < sorted.length && sorted[end] === sorted[start]) end++;
    ranks[start] = (start + 1 + end) / 2;
    start = end;
  }
  const result = new Float64Array(values.length);
  for (let i = 0; i < result.length; i++) result[i] = ranks[firstAtLeast(sorted, values[i] as number)] as number;
  return result;
}

/** The index of the first entry >= value of an ascending array. */
function firstAtLeast(sorted: Float64Array, value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] as number) < value) low = middle + 1;
    else high = middle;
  }
  return low;
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
