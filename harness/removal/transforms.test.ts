import { describe, expect, test } from 'vitest';
import type { ImageShape, Rank } from '../contracts.ts';
import { stream } from '../random.ts';
import { DEGRADED, type MapTransform, POST_PROCESSED, transformMap } from './transforms.ts';

const SHAPE: ImageShape = [6, 9, 2];
const SIZE = 108;
const map = stream('transforms').normals(SIZE);
const all: readonly MapTransform[] = [...POST_PROCESSED, ...DEGRADED];
const transformed = (transform: MapTransform, values = map, rank: Rank = 'value') =>
  transformMap(transform, { rank, shape: SHAPE }, values, stream('image', 0));

/** Row, column and channel of a coordinate. */
const place = (at: number) => [Math.floor(at / 18), Math.floor(at / 2) % 9, at % 2] as const;
const every = [...Array(SIZE).keys()];

describe.each(all)('%s', (transform) => {
  test('leaves the map alone, gives the same again, and a constant stays one', () => {
    const before = map.slice();
    expect(transformed(transform)).toEqual(transformed(transform));
    expect(map).toEqual(before);
    for (const value of transformed(transform, new Float32Array(SIZE).fill(0.5))) expect(value).toBeCloseTo(0.5, 6);
  });

  test('sees the magnitude alone where the method ranks by it', () => {
    expect(transformed(transform, map, 'magnitude')).toEqual(transformed(transform, map.map(Math.abs)));
  });
});

test('blurred: the weighted mean over all pixels of the channel, by definition', () => {
  const weight = (a: number, b: number) => (Math.abs(a - b) > 4 ? 0 : Math.exp(-((a - b) ** 2) / 2));
  transformed('blurred').forEach((value, at) => {
    const [y, x, c] = place(at);
    let [sum, total] = [0, 0];
    for (const other of every) {
      const [v, u, d] = place(other);
      if (c !== d) continue;
      sum += weight(y, v) * weight(x, u) * (map[other] ?? 0);
      total += weight(y, v) * weight(x, u);
    }
    expect(value).toBeCloseTo(sum / total, 5);
  });
});

test('pooled: the mean of the block of 4x4, smaller at the border', () => {
  transformed('pooled').forEach((value, at) => {
    const [y, x, c] = place(at);
    const block = every.filter((other) => {
      const [v, u, d] = place(other);
      return c === d && Math.floor(v / 4) === Math.floor(y / 4) && Math.floor(u / 4) === Math.floor(x / 4);
    });
    expect(value).toBeCloseTo(block.reduce((sum, other) => sum + (map[other] ?? 0), 0) / block.length, 5);
  });
});

test('quantised: sixteen groups as large as can be, in the order of the map, each its mean', () => {
  const values = transformed('quantised');
  const groups = new Map<number, number[]>();
  every.forEach((at) => {
    groups.set(values[at] ?? 0, [...(groups.get(values[at] ?? 0) ?? []), map[at] ?? 0]);
  });
  expect(groups.size).toBe(16);
  for (const [value, members] of groups) {
    expect([6, 7]).toContain(members.length);
    expect(value).toBeCloseTo(members.reduce((sum, member) => sum + member, 0) / members.length, 6);
  }
  const ascending = [...groups].sort(([a], [b]) => a - b).map(([, members]) => members);
  ascending.slice(1).forEach((members, i) => {
    expect(Math.min(...members)).toBeGreaterThan(Math.max(...(ascending[i] ?? [])));
  });
});

test('shuffled: the same values, moved within nested sets of the given share', () => {
  const sorted = (values: Float32Array) => [...values].sort((a, b) => a - b);
  const moved = DEGRADED.map((transform) => {
    const values = transformed(transform);
    expect(sorted(values)).toEqual(sorted(map));
    return every.filter((at) => values[at] !== map[at]);
  });
  // A value can come back to its own place: about one of each set does.
  moved.forEach((places, i) => {
    const most = Math.round(((i + 1) / 4) * SIZE);
    expect(places.length).toBeLessThanOrEqual(most);
    expect(places.length).toBeGreaterThan(most - 8);
  });
  const chosen = [...stream('image', 0).permutation(SIZE)];
  moved.forEach((places, i) => {
    const set = new Set(chosen.slice(0, Math.round(((i + 1) / 4) * SIZE)));
    expect(places.every((at) => set.has(at))).toBe(true);
  });
});
