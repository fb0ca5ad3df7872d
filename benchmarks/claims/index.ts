import type { CellRecord, ClaimResult } from 'attribench';
import { blockMnistClaims } from './blockmnist.ts';
import { evaluateClaim } from './claim.ts';

/** What becomes of the paper's claims in the records of one profile; a pure function, in a fixed order. */
export default function evaluateClaims(records: readonly CellRecord[]): readonly ClaimResult[] {
  return blockMnistClaims.map((claim) => evaluateClaim(claim, records));
}
