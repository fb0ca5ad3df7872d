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

/** Random coalitions: their size by inversion of P(size) in proportion to 1 / (size (K - size)), the members uniform. */
export function drawnCoalitions(count: number, size: number, stream: Stream): Coalitions {
  const cumulative: number[] = [];
  let total = 0;
  for (let k = 1; k < count; k++) {
    total += 1 / (k * (count - k));
    cumulative.push(total);
  }
  let previous = new Uint8Array();
  return {
    size,
    coalition: (index) => {
      if (index % 2 === 1) return { coalition: previous.map((present) => 1 - present), weight: 1 };
      const point = stream.uniform() * total;
      const members = 1 + cumulative.findIndex((sum) => point < sum);
      const coalition = new Uint8Array(count);
      for (const k of stream.permutation(count).subarray(0, members)) coalition[k] = 1;
      previous = coalition;
      return { coalition, weight: 1 };
    },
  };
}
