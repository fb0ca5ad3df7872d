/** The committed map, for tests. */
import { readFileSync } from 'node:fs';
import type { GridPoint } from './grid.ts';

const file = new URL('../../results/theory/conjecture.json', import.meta.url);

/** The grid points of results/theory/conjecture.json. */
export function storedPoints(): readonly GridPoint[] {
  const { record }: { record: { points: readonly GridPoint[] } } = JSON.parse(readFileSync(file, 'utf8'));
  return record.points;
}

/** Cones below which a proof is checked again in a moment. */
export const QUICK_PROOF = 10_000;
