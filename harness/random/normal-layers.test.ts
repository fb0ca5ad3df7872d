import { erf } from 'mathjs';
import { describe, expect, test } from 'vitest';
import { stream } from '../random.ts';
import { LAYERS, SAFE, settle, WIDTHS } from './normal-layers.ts';

const density = (x: number) => Math.exp(-0.5 * x * x);
const normalBelow = (x: number) => (1 + erf(x / Math.SQRT2)) / 2;
const edge = (layer: number) => (WIDTHS[layer] as number) * 2 ** 23;
const never = () => {
  throw new Error('no uniform was needed');
};

describe('layers', () => {
  test('take one word for 98.5 % of the normals', () => {
    const share = SAFE.reduce((sum, places) => sum + places / 2 ** 23, 0) / LAYERS;
    expect(share).toBeCloseTo(0.985, 3);
  });

  test('hold equal areas, the topmost up to the height of the curve at 0', () => {
    // The tail beyond the first edge by Simpson's rule, far enough out.
    const [from, steps, h] = [edge(1), 2000, 0.005];
    let tail = 0;
    for (let i = 0; i <= steps; i++) {
      tail += ((i === 0 || i === steps ? 1 : i % 2 === 1 ? 4 : 2) * density(from + i * h) * h) / 3;
    }
    const area = edge(1) * density(edge(1)) + tail;
    expect(edge(0) * density(edge(1))).toBeCloseTo(area, 12);
    for (let layer = 1; layer < LAYERS; layer++) {
      const next = layer + 1 < LAYERS ? edge(layer + 1) : 0;
      expect(Math.abs(edge(layer) * (density(next) - density(edge(layer))) - area)).toBeLessThan(1e-9);
    }
  });

  test('are safe exactly as far as the next layer reaches', () => {
    for (let layer = 0; layer + 1 < LAYERS; layer++) {
      const safe = SAFE[layer] as number;
      expect((safe - 1) * (WIDTHS[layer] as number)).toBeLessThan(edge(layer + 1));
      expect((safe + 1) * (WIDTHS[layer] as number)).toBeGreaterThan(edge(layer + 1));
    }
    expect(SAFE[LAYERS - 1]).toBe(0);
  });

  test('keep a candidate below the curve and drop one above it', () => {
    const [layer, between] = [100, (edge(100) + edge(101)) / 2];
    const height = (density(between) - density(edge(100))) / (density(edge(101)) - density(edge(100)));
    expect(settle(layer, between, () => height - 1e-6)).toBe(between);
    expect(settle(layer, between, () => height + 1e-6)).toBeUndefined();
    expect(settle(layer, -between, () => height - 1e-6)).toBe(-between);
  });

  test('send the bottom layer to the tail, sign kept', () => {
    const uniform = () => 0.5;
    expect(settle(0, 4, uniform)).toBeGreaterThan(edge(1));
    expect(settle(0, -4, uniform)).toBeLessThan(-edge(1));
    expect(() => settle(0, 4, never)).toThrow();
  });
});

describe('Stream.normals', () => {
  test('follows the normal law: Kolmogorov distance below its 0.9999 quantile', () => {
    const n = 200_000;
    const values = stream('kolmogorov').normals(n).sort();
    let distance = 0;
    values.forEach((value, i) => {
      const expected = normalBelow(value);
      distance = Math.max(distance, Math.abs(expected - i / n), Math.abs(expected - (i + 1) / n));
    });
    expect(distance).toBeLessThan(2.23 / Math.sqrt(n));
  });

  test('fills the tail beyond the first edge as the normal law does, within five standard errors', () => {
    const n = 2_000_000;
    const values = stream('tail').normals(n);
    const count = (beyond: number) => values.reduce((sum, value) => sum + (Math.abs(value) > beyond ? 1 : 0), 0);
    for (const beyond of [3, edge(1), 4]) {
      const expected = 2 * n * (1 - normalBelow(beyond));
      expect(Math.abs(count(beyond) - expected)).toBeLessThan(5 * Math.sqrt(expected));
    }
  });
});
