/** An input that a step reads is not in the store (any more): the scheduler computes it and tries again. */
import type { StepAddress } from '../contracts.ts';

export class MissingInput extends Error {
  override readonly name = 'MissingInput';
  readonly key: string;

  constructor(address: StepAddress, step: string) {
    super(`[attribench] ${step}: input ${address.kind} ${address.key} is missing from the store`);
    this.key = address.key;
  }
}
