/**
 * The linear program of the search: masses of the orbits that stay furthest below g |theta| at the cuts.
 */
import type { Highs } from 'highs';
import { optimum } from '../highs.ts';

/** A direction where the bound is asked for: F_k of every orbit, and its angle to the conjecture's own neuron. */
export interface Cut {
  readonly values: readonly number[];
  readonly angle: number;
}

/** Masses p_k of the orbits, and sigma. */
export interface Candidate {
  readonly masses: readonly number[];
  readonly slack: number;
}

/** The largest sigma with sum_k p_k F_k <= target (1 - sigma min(angle, 1/2)) at every cut, and its masses. */
export function solveProgram(highs: Highs, cuts: readonly Cut[], orbits: number, target: number): Candidate {
  const starts = [0];
  const indices: number[] = [];
  const values: number[] = [];
  for (const cut of cuts) {
    for (const [k, value] of cut.values.entries()) {
      indices.push(k);
      values.push(value);
    }
    indices.push(orbits);
    values.push(target * Math.min(cut.angle, 0.5));
    starts.push(indices.length);
  }
  for (let k = 0; k < orbits; k++) {
    indices.push(k);
    values.push(1);
  }
  starts.push(indices.length);
  const solution = optimum(
    highs,
    {
      numCols: orbits + 1,
      numRows: cuts.length + 1,
      sense: highs.constants.objectiveSense.maximize,
      colCost: [...new Array<number>(orbits).fill(0), 1],
      colLower: [...new Array<number>(orbits).fill(0), -100],
      colUpper: [...new Array<number>(orbits).fill(1), 100],
      rowLower: [...cuts.map(() => -highs.infinity), 1],
      rowUpper: [...cuts.map(() => target), 1],
      matrix: { format: 'csr', numRows: cuts.length + 1, numCols: orbits + 1, starts, indices, values },
    },
    'dual search',
  );
  return {
    masses: [...solution.colValue.slice(0, orbits)],
    slack: solution.colValue[orbits] ?? Number.NEGATIVE_INFINITY,
  };
}
