import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus';
import { describe, expect, test } from 'vitest';
import { stream } from '../random.ts';
import { LAYERS, SAFE, settle, WIDTHS } from './normal-layers.ts';
import { fillNormals } from './normals.ts';

type Generator = ReturnType<typeof xoroshiro128plusFromState>;

/** One word after the other, all in JavaScript; counts the words that were not surely under the curve, by layer. */
function slowly(generator: Generator, count: number): { values: Float32Array; settled: Map<number, number> } {
  const values: number[] = [];
  const settled = new Map<number, number>();
  while (values.length < count) {
    const word = generator.next();
    const layer = word & (LAYERS - 1);
    const place = word >> 8;
    let value: number | undefined = place * (WIDTHS[layer] as number);
    if (Math.abs(place) >= (SAFE[layer] as number)) {
      settled.set(layer, (settled.get(layer) ?? 0) + 1);
      value = settle(layer, value, () => (generator.next() >>> 0) / 2 ** 32);
    }
    if (value !== undefined) values.push(value);
  }
  return { values: Float32Array.from(values), settled };
}

describe('fillNormals', () => {
  // 15,360 fill the loop's memory.
  test.each([0, 1, 2, 7, 1568, 15_359, 15_360, 15_361, 200_000])(
    'draws %i as one word after the other would',
    (count) => {
      for (const seed of [1, 2, 3]) {
        const state = [seed, -seed, 0x7fffffff - seed, seed << 31];
        const generator = xoroshiro128plusFromState(state);
        const { values } = slowly(generator, count);
        const drawn = new Float32Array(count);
        const after = fillNormals(xoroshiro128plusFromState(state), drawn);
        expect(Buffer.from(drawn.buffer).equals(Buffer.from(values.buffer))).toBe(true);
        expect(after.getState()).toEqual(generator.getState());
      }
    },
  );

  test.each([1, -1])('settles a candidate at the very edge of what is safe, sign %i', (sign) => {
    for (const layer of [1, 100, LAYERS - 1]) {
      // The first word is the sum of the two of the state.
      const state = [0x1234, ((sign * (SAFE[layer] as number)) << 8) | layer, 0, 0];
      const twin = slowly(xoroshiro128plusFromState(state), 20);
      expect(twin.settled.has(layer)).toBe(true);
      const drawn = new Float32Array(20);
      fillNormals(xoroshiro128plusFromState(state), drawn);
      expect(drawn).toEqual(twin.values);
    }
  });

  test('meets every layer in so many, the tail among them', () => {
    const { settled } = slowly(xoroshiro128plusFromState([1, -1, 0x7ffffffe, 1 << 31]), 200_000);
    // The topmost layer is never safe; few candidates of one in the middle need a closer look.
    expect(settled.get(0)).toBeGreaterThan(30);
    expect(settled.get(LAYERS - 1)).toBeGreaterThan(500);
    expect(settled.size).toBeGreaterThan(250);
  });

  test('leaves the generator that it is given alone', () => {
    const generator = xoroshiro128plusFromState([1, 2, 3, 4]);
    fillNormals(generator, new Float32Array(10));
    expect(generator.getState()).toEqual([1, 2, 3, 4]);
  });
});

describe('Stream.normals', () => {
  test('goes on where it stopped, between other draws', () => {
    const [whole, parts] = [stream('parts'), stream('parts')];
    const all = whole.normals(1000);
    expect(Float32Array.from([...parts.normals(300), ...parts.normals(0), ...parts.normals(700)])).toEqual(all);
    expect(parts.bits()).toBe(whole.bits());
  });

  test('two streams may take turns', () => {
    const [a, b] = [stream('a'), stream('b')];
    const turns = [0, 1, 2].map(() => [a.normals(50), b.normals(50)]);
    expect(Float32Array.from(turns.flatMap(([values]) => [...(values ?? [])]))).toEqual(stream('a').normals(150));
    expect(Float32Array.from(turns.flatMap(([, values]) => [...(values ?? [])]))).toEqual(stream('b').normals(150));
  });

  test('refuses an array that is too short', () => {
    expect(() => stream('x').normals(5, new Float32Array(4))).toThrow('5 values do not fit an array of 4');
  });
});
