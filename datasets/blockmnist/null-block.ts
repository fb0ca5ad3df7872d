/**
 * The null block of BlockMNIST: a square patch of two horizontal, two vertical and two slanted lines that
 * is the same in every image, so that it says nothing of the class (Shah, Jain, Netrapalli, NeurIPS 2021, Section 5).
 *
 * The paper gives no coordinates. Ours: inside a 28 x 28 block the patch covers rows and columns 4 to
 * 23; lines are 2 pixels wide and of full brightness; horizontal and vertical lines run the whole
 * length of the patch and are at least 2 pixels apart; the slanted ones run from its first to its last
 * row, one leaning right and one left, by 6 to 18 columns. Where they lie is drawn once from a seed.
 */
import type { Stream } from 'attribench';

export const BLOCK = 28;
const FIRST = 4;
const LAST = 23;
const WIDTH = 2;
const BRIGHT = 255;
const GAP = { least: 2 * WIDTH, most: LAST - FIRST };
const LEAN = { least: 6, most: 18 };

type Pair = readonly [number, number];

/** Where the lines lie: the first row or column that each covers. */
export interface NullLines {
  readonly horizontal: Pair;
  readonly vertical: Pair;
  /** First columns in the patch's first and last row: leaning right, then left. */
  readonly slanted: readonly [Pair, Pair];
}

/** A placement, uniform over all allowed ones. */
export function drawNullLines(stream: Stream): NullLines {
  const draw = (range: { least: number; most: number }): Pair => {
    const pairs = pairsApart(range.least, range.most);
    return pairs[stream.integer(pairs.length)] ?? [FIRST, FIRST];
  };
  const horizontal = draw(GAP);
  const vertical = draw(GAP);
  const right = draw(LEAN);
  const [low, high] = draw(LEAN);
  return { horizontal, vertical, slanted: [right, [high, low]] };
}

/** The block [28, 28] as bytes: 255 on the lines, 0 elsewhere. */
export function paintNullBlock({ horizontal, vertical, slanted }: NullLines): Uint8Array {
  const block = new Uint8Array(BLOCK * BLOCK);
  const paint = (row: number, column: number) => {
    block[row * BLOCK + column] = BRIGHT;
  };
  for (let along = FIRST; along <= LAST; along++) {
    const share = (along - FIRST) / (LAST - FIRST);
    for (let across = 0; across < WIDTH; across++) {
      for (const row of horizontal) paint(row + across, along);
      for (const column of vertical) paint(along, column + across);
      for (const [first, last] of slanted) paint(along, Math.round(first + share * (last - first)) + across);
    }
  }
  return block;
}

/** All pairs of line positions low < high in the patch whose distance is in this range. */
function pairsApart(least: number, most: number): Pair[] {
  const pairs: Pair[] = [];
  const end = LAST - WIDTH + 1;
  for (let low = FIRST; low <= end; low++) {
    for (let high = low + least; high <= Math.min(low + most, end); high++) pairs.push([low, high]);
  }
  return pairs;
}
