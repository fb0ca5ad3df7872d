import type { CellRecord, ClaimResult } from 'attribench';
import { blockMnistClaims } from './blockmnist.ts';
import { type Claim, evaluateClaim } from './claim.ts';
import { diffRoarClaims } from './diffroar.ts';

/**
 * What becomes of the paper's claims in the records of one profile; a pure function, in a fixed order.
 *
 * Claims of whose checks the profile has no record are another profile's.
 */
export default function evaluateClaims(records: readonly CellRecord[]): readonly ClaimResult[] {
  const run = new Set(records.map(({ identity }) => `${identity.check.id} ${identity.dataset.id}`));
  const concerns = ({ parts }: Claim) => parts.some(({ check, dataset }) => run.has(`${check} ${dataset}`));
  return [...blockMnistClaims, ...diffRoarClaims].filter(concerns).map((claim) => evaluateClaim(claim, records));
}
