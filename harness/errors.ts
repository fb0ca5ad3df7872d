/**
 * Errors with a meaning. All messages read `[attribench] sentence`: the thing, the value, what was expected.
 */

/** A method or check cannot be applied here: the cell is skipped with this reason, nothing failed. */
export class NotApplicable extends Error {
  override readonly name = 'NotApplicable';
}

/** The user gave something wrong: one sentence, exit code 2, never a stack trace. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** What was thrown, as an Error. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

/** True for NotApplicable also across module instances and process boundaries. */
export function isNotApplicable(thrown: unknown): thrown is NotApplicable {
  return thrown instanceof Error && thrown.name === 'NotApplicable';
}
