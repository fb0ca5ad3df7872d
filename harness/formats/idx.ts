/**
 * The IDX file format of the MNIST family, plain or gzipped; unsigned bytes only, which is what those files hold.
 *
 * Layout (LeCun, Cortes, Burges, "The MNIST database", file formats): two zero bytes, the number type
 * (8 for unsigned bytes), the number of dimensions, each dimension as a big-endian 32-bit integer, then
 * the values, last dimension fastest.
 */
import { gunzipSync } from 'node:zlib';
import { UsageError } from '../errors.ts';

const UNSIGNED_BYTE = 8;
const FIRST_DIMENSION = 4;
/** Bounds what a hostile gzip file may unpack to; MNIST's largest file unpacks to 47 MB. */
const LARGEST = 2 ** 30;

/** Values and shape of an IDX file; `name` is for the error, `dimensions` is how many the file must have. */
export function decodeIdx(bytes: Uint8Array, name: string, dimensions: number): { shape: number[]; data: Uint8Array } {
  const plain = bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzip(bytes, name) : bytes;
  const first = FIRST_DIMENSION + 4 * dimensions;
  if (plain.length < first)
    fail(name, `has ${plain.length} bytes, expected a header of ${first} and the values: truncated`);
  const view = new DataView(plain.buffer, plain.byteOffset, plain.byteLength);
  const magic = view.getUint32(0);
  const expected = (UNSIGNED_BYTE << 8) | dimensions;
  if (magic !== expected)
    fail(
      name,
      `starts with ${hexadecimal(magic)}, expected ${hexadecimal(expected)} (bytes in ${dimensions} dimensions)`,
    );
  const shape = Array.from({ length: dimensions }, (_, axis) => view.getUint32(FIRST_DIMENSION + 4 * axis));
  const length = shape.reduce((total, size) => total * size, 1);
  if (plain.length - first !== length)
    fail(name, `holds ${plain.length - first} values, expected ${length} for [${shape}]: truncated or altered`);
  return { shape, data: plain.subarray(first) };
}

function gunzip(bytes: Uint8Array, name: string): Uint8Array {
  try {
    return gunzipSync(bytes, { maxOutputLength: LARGEST });
  } catch (cause) {
    throw new UsageError(`[attribench] IDX file ${name}: does not unpack as gzip, truncated or altered`, { cause });
  }
}

function hexadecimal(magic: number): string {
  return `0x${magic.toString(16).padStart(8, '0')}`;
}

function fail(name: string, problem: string): never {
  throw new UsageError(`[attribench] IDX file ${name}: ${problem}`);
}
