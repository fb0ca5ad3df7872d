import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { Stream, stream } from './random.ts';

const mean = (values: ArrayLike<number>) => Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;

/** The generator in 64-bit integers; the low half of each sum. */
function slowXoroshiro(digest: Buffer): () => number {
  const word = (at: number) => (BigInt(digest.readUInt32LE(at)) << 32n) | BigInt(digest.readUInt32LE(at + 4));
  const wrap = (x: bigint) => BigInt.asUintN(64, x);
  const rotate = (x: bigint, by: bigint) => wrap((x << by) | (x >> (64n - by)));
  let a = word(0);
  let b = word(8);
  return () => {
    const sum = wrap(a + b);
    b ^= a;
    a = rotate(a, 24n) ^ b ^ wrap(b << 16n);
    b = rotate(b, 37n);
    return Number(BigInt.asUintN(32, sum));
  };
}

describe('stream', () => {
  it('is xoroshiro128+ (Blackman and Vigna) on the SHA-256 of its names', () => {
    const next = slowXoroshiro(createHash('sha256').update('["pinned",1]').digest());
    const s = stream('pinned', 1);
    for (let i = 0; i < 1000; i++) expect(s.bits()).toBe(next());
  });

  it('keeps its numbers for ever', () => {
    const s = stream('pinned', 1);
    expect([s.bits(), s.bits(), s.bits(), s.bits()]).toEqual([3861748171, 4122807550, 2185846096, 1180307009]);
  });

  it('gives other numbers for other names', () => {
    const first = ([...names]: (string | number)[]) => stream(...names).bits();
    const all = [first(['a']), first(['b']), first(['a', 0]), first(['a', 1]), first(['a', '1'])];
    expect(new Set(all).size).toBe(all.length);
  });

  it('derives by name, independent of what was drawn', () => {
    const parent = stream('parent');
    const before = parent.derive('child', 3).bits();
    parent.normals(100);
    expect(parent.derive('child', 3).bits()).toBe(before);
    expect(new Stream(['parent', 'child', 3]).bits()).toBe(before);
  });
});

describe('distributions', () => {
  const n = 40_000;

  it('draws uniforms with mean 1/2 and variance 1/12, within five standard errors', () => {
    const values = stream('uniform').uniforms(n);
    const m = mean(values);
    expect(Math.abs(m - 0.5)).toBeLessThan(5 * Math.sqrt(1 / 12 / n));
    const variance = mean(values.map((value) => (value - m) ** 2));
    expect(Math.abs(variance - 1 / 12)).toBeLessThan(5 * Math.sqrt(1 / 180 / n));
    expect(Math.min(...values.slice(0, 1000))).toBeGreaterThanOrEqual(0);
    expect(Math.max(...values)).toBeLessThanOrEqual(1);
  });

  it('draws the same normals into given values', () => {
    const values = new Float32Array(100);
    expect(stream('into').normals(60, values.subarray(40))).toEqual(values.subarray(40));
    expect(values.slice(0, 40).every((value) => value === 0)).toBe(true);
    expect(values.slice(40)).toEqual(stream('into').normals(60));
  });

  it('draws normals with the first four moments of the normal law, within five standard errors', () => {
    const values = stream('normal').normals(n);
    expect(Math.abs(mean(values))).toBeLessThan(5 / Math.sqrt(n));
    expect(Math.abs(mean(values.map((v) => v ** 2)) - 1)).toBeLessThan(5 * Math.sqrt(2 / n));
    expect(Math.abs(mean(values.map((v) => v ** 3)))).toBeLessThan(5 * Math.sqrt(15 / n));
    expect(Math.abs(mean(values.map((v) => v ** 4)) - 3)).toBeLessThan(5 * Math.sqrt(96 / n));
    const lagged = values.slice(1).map((v, i) => v * (values[i] as number));
    expect(Math.abs(mean(lagged))).toBeLessThan(5 / Math.sqrt(n));
  });

  it('draws integers uniformly: chi-square below the 0.9999 quantile of 6 degrees of freedom', () => {
    const s = stream('integer');
    const counts = new Array<number>(7).fill(0);
    for (let i = 0; i < n; i++) {
      const drawn = s.integer(7);
      counts[drawn] = (counts[drawn] ?? 0) + 1;
    }
    const chi2 = counts.reduce((sum, count) => sum + (count - n / 7) ** 2 / (n / 7), 0);
    expect(chi2).toBeLessThan(27.9);
  });

  it('takes the high word of bits times the bound, as BigInt does', () => {
    for (const below of [1, 2, 7, 1568, 2 ** 21 + 1, 2 ** 31 + 5, 2 ** 32]) {
      const [fast, slow] = [stream('high', below), stream('high', below)];
      for (let i = 0; i < 200; i++) {
        let product = BigInt(slow.bits()) * BigInt(below);
        while (product % 2n ** 32n < 2n ** 32n % BigInt(below)) product = BigInt(slow.bits()) * BigInt(below);
        expect(fast.integer(below)).toBe(Number(product >> 32n));
      }
    }
  });

  it('permutes uniformly: each of the 6 orders of 3 equally often', () => {
    const s = stream('permutation');
    const counts = new Map<string, number>();
    for (let i = 0; i < 12_000; i++) {
      const order = s.permutation(3).join('');
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    const chi2 = [...counts.values()].reduce((sum, count) => sum + (count - 2000) ** 2 / 2000, 0);
    expect(chi2).toBeLessThan(25.7);
  });

  it.each([0, -1, 1.5, 2 ** 33, Number.NaN])('refuses integer(%s)', (below) => {
    expect(() => stream('x').integer(below)).toThrow(`got ${below}, expected an integer from 1 to 2^32`);
  });
});
