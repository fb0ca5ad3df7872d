import { stream } from 'attribench';
import { describe, expect, test } from 'vitest';
import { drawNullLines, type NullLines, paintNullBlock } from './null-block.ts';

const seeds = Array.from({ length: 200 }, (_, seed) => seed);
const linesOf = (seed: number) => drawNullLines(stream('test', seed));

/** The slow twin: asks of every pixel whether any line covers it. */
function slowBlock({ horizontal, vertical, slanted }: NullLines): number[] {
  const block: number[] = [];
  for (let row = 0; row < 28; row++) {
    for (let column = 0; column < 28; column++) {
      const inPatch = row >= 4 && row <= 23 && column >= 4 && column <= 23;
      const onHorizontal = horizontal.some((first) => row === first || row === first + 1);
      const onVertical = vertical.some((first) => column === first || column === first + 1);
      const onSlanted = slanted.some(([first, last]) => {
        const centre = first + ((last - first) * (row - 4)) / 19;
        return column === Math.round(centre) || column - 1 === Math.round(centre);
      });
      block.push(inPatch && (onHorizontal || onVertical || onSlanted) ? 255 : 0);
    }
  }
  return block;
}

describe('the null block', () => {
  test('has the geometry that is stated, for every placement', () => {
    for (const seed of seeds) {
      const lines = linesOf(seed);
      expect([...paintNullBlock(lines)]).toEqual(slowBlock(lines));
      const { horizontal, vertical, slanted } = lines;
      for (const position of [...horizontal, ...vertical, ...slanted.flat()]) {
        expect(position).toBeGreaterThanOrEqual(4);
        expect(position + 1).toBeLessThanOrEqual(23);
      }
      for (const [low, high] of [horizontal, vertical]) expect(high - low).toBeGreaterThanOrEqual(4);
      const [right, left] = slanted;
      for (const lean of [right[1] - right[0], left[0] - left[1]]) {
        expect(lean).toBeGreaterThanOrEqual(6);
        expect(lean).toBeLessThanOrEqual(18);
      }
    }
  });

  test('touches all four sides of rows and columns 4 to 23 and nothing outside them', () => {
    for (const seed of seeds) {
      const block = paintNullBlock(linesOf(seed));
      const lit = [...block.keys()].filter((i) => block[i] !== 0);
      const rows = lit.map((i) => Math.floor(i / 28));
      const columns = lit.map((i) => i % 28);
      expect([Math.min(...rows), Math.max(...rows), Math.min(...columns), Math.max(...columns)]).toEqual([
        4, 23, 4, 23,
      ]);
      expect(lit.length).toBeGreaterThan(160);
      expect(lit.length).toBeLessThan(220);
    }
  });

  test('differs between seeds and is the same for one', () => {
    expect(new Set(seeds.map((seed) => JSON.stringify(linesOf(seed)))).size).toBe(seeds.length);
    expect(linesOf(7)).toEqual(linesOf(7));
  });
});
