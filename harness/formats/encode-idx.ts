/** Writes the IDX format, for tests of its reader. */

/** The bytes of an IDX file, slow and obvious: one number after the other. */
export function encodeIdx(shape: readonly number[], values: readonly number[], type = 8): Uint8Array {
  const bytes = [0, 0, type, shape.length];
  for (const size of shape) for (const power of [3, 2, 1, 0]) bytes.push(Math.floor(size / 256 ** power) % 256);
  return Uint8Array.from([...bytes, ...values]);
}
