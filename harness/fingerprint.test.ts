import { describe, expect, it } from 'vitest';
import { canonicalJson, fingerprint, hashWeights, sha256 } from './fingerprint.ts';

describe('fingerprint', () => {
  it('is the SHA-256 of the RFC 8785 text', () => {
    expect(canonicalJson({ b: 1, a: [1.5, 'x', null] })).toBe('{"a":[1.5,"x",null],"b":1}');
    expect(fingerprint({ b: 1, a: 2 })).toBe(sha256('{"a":2,"b":1}'));
    // FIPS 180-2, appendix B.1.
    expect(sha256('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  });

  it('does not depend on the order of names', () => {
    expect(fingerprint({ a: 1, b: { c: 2, d: 3 } })).toBe(fingerprint({ b: { d: 3, c: 2 }, a: 1 }));
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, undefined])('refuses %s', (value) => {
    expect(() => canonicalJson(value)).toThrow();
  });
});

describe('hashWeights', () => {
  const weights = (name: string, shape: number[], data: number[]) => [{ name, shape, data: Float32Array.from(data) }];

  it('depends on names, shapes and every bit', () => {
    const hash = hashWeights(weights('w', [2, 1], [1, 2]));
    expect(hashWeights(weights('w', [2, 1], [1, 2]))).toBe(hash);
    expect(hashWeights(weights('v', [2, 1], [1, 2]))).not.toBe(hash);
    expect(hashWeights(weights('w', [1, 2], [1, 2]))).not.toBe(hash);
    expect(hashWeights(weights('w', [2, 1], [1, 2.0000002]))).not.toBe(hash);
  });

  it('reads a view, not its whole buffer', () => {
    const whole = Float32Array.from([9, 1, 2, 9]);
    expect(hashWeights([{ name: 'w', shape: [2], data: whole.subarray(1, 3) }])).toBe(
      hashWeights(weights('w', [2], [1, 2])),
    );
  });
});
