/**
 * Coalitions of K features for KernelSHAP, all but none and all, by the kernel pi(z) = (K - 1) / (binom(K, |z|) |z| (K - |z|)).
 */
import type { Stream } from 'attribench';

export interface WeightedCoalition {
  /** 1 for a member, 0 for any other. */
  readonly coalition: Uint8Array;
  readonly weight: number;
}

export interface Coalitions {
  readonly size: number;
  /** Coalition 0, 1, ..., asked for in order. */
  coalition(index: number): WeightedCoalition;
}

/** Every coalition but none and all, with its weight pi(z). */
export function everyCoalition(count: number): Coalitions {
  const ways = [1];
  for (let k = 1; k <= count; k++) ways.push(((ways[k - 1] as number) * (count - k + 1)) / k);
  return {
    size: 2 ** count - 2,
    coalition: (index) => {
      const coalition = Uint8Array.from({ length: count }, (_, k) => ((index + 1) >> k) & 1);
      const members = coalition.reduce((sum, present) => sum + present, 0);
      return { coalition, weight: (count - 1) / ((ways[members] as number) * members * (count - members)) };
    },
  };
}

/**
 * Random coalitions: their size by inversion of P(size) in proportion to 1 / (size (K - size)), the members uniform, each
 * followed by its complement; one that is drawn again, as those of one member or of all but one often are, is given once
 * and weighs as much as it was drawn.
 */
export function drawnCoalitions(count: number, draws: number, stream: Stream): Coalitions {
  const cumulative: number[] = [];
  let total = 0;
  for (let k = 1; k < count; k++) {
    total += 1 / (k * (count - k));
    cumulative.push(total);
  }
  const times = new Map<string, number>();
  const note = (coalition: Uint8Array) => {
    const key = Buffer.from(coalition).toString('latin1');
    times.set(key, (times.get(key) ?? 0) + 1);
  };
  for (let drawn = 0; drawn < draws; drawn += 2) {
    const point = stream.uniform() * total;
    const members = 1 + cumulative.findIndex((sum) => point < sum);
    const coalition = new Uint8Array(count);
    for (const k of stream.permutation(count).subarray(0, members)) coalition[k] = 1;
    note(coalition);
    if (drawn + 1 < draws) note(coalition.map((present) => 1 - present));
  }
  const distinct = [...times];
  return {
    size: distinct.length,
    coalition: (index) => {
      const [key, weight] = distinct[index] as [string, number];
      return { coalition: new Uint8Array(Buffer.from(key, 'latin1')), weight };
    },
  };
}
