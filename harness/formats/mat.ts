/**
 * Number arrays out of a MATLAB 5 .mat file: what the SVHN files hold, and no more.
 *
 * Layout (MathWorks, "MAT-File Format", level 5): a header of 128 bytes, then elements of type, length and
 * content, padded to 8 bytes; a short element keeps up to 4 bytes in its tag. An array (type 14), alone or
 * in a compressed element (type 15), holds its flags, dimensions, name and values, first dimension fastest.
 * Values of any number type are read where they are whole numbers from 0 to 255. Little-endian files only.
 */
import { inflateSync } from 'node:zlib';
import { UsageError } from '../errors.ts';

const HEADER = 128;
const COMPRESSED = 15;
const MATRIX = 14;
const DIMENSIONS = 5;
const NAME = 1;
/** Bounds what a hostile compressed element may unpack to; SVHN's largest here unpacks to 225 MB. */
const LARGEST = 2 ** 29;
const TYPES: {
  readonly [type: number]: { new (bytes: ArrayBuffer): ArrayLike<number>; readonly BYTES_PER_ELEMENT: number };
} = {
  1: Int8Array,
  2: Uint8Array,
  3: Int16Array,
  4: Uint16Array,
  5: Int32Array,
  6: Uint32Array,
  7: Float32Array,
  9: Float64Array,
};

/** An array of a .mat file; `data` in the file's order, first dimension fastest. */
export interface MatArray {
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

/** The named arrays of a .mat file; `file` is for errors. Errors: UsageError on a damaged file or one that lacks an array. */
export function decodeMat(bytes: Uint8Array, file: string, names: readonly string[]): Map<string, MatArray> {
  const found = new Map<string, MatArray>();
  if (bytes.length < HEADER || bytes[126] !== 0x49 || bytes[127] !== 0x4d || bytes[125] !== 1)
    fail(file, 'is no little-endian MATLAB 5 file, or is truncated');
  for (const { type, content } of elements(bytes.subarray(HEADER), file)) {
    const inner = type === COMPRESSED ? [...elements(inflated(content, file), file)] : [{ type, content }];
    for (const element of inner) {
      if (element.type !== MATRIX) continue;
      const { name, array } = readArray(element.content, file, names);
      if (array !== undefined) found.set(name, array);
    }
  }
  for (const name of names) if (!found.has(name)) fail(file, `has no array "${name}"`);
  return found;
}

interface Element {
  readonly type: number;
  readonly content: Uint8Array;
}

function* elements(bytes: Uint8Array, file: string): Generator<Element> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < bytes.length; ) {
    if (at + 8 > bytes.length) fail(file, 'ends within an element: truncated or altered');
    const tag = view.getUint32(at, true);
    const short = tag >>> 16;
    if (short > 4) fail(file, `has a short element of ${short} bytes, expected at most 4`);
    const [type, length, start] =
      short > 0 ? [tag & 0xffff, short, at + 4] : [tag, view.getUint32(at + 4, true), at + 8];
    if (start + length > bytes.length)
      fail(file, `has an element of ${length} bytes where ${bytes.length - start} are left: truncated or altered`);
    yield { type, content: bytes.subarray(start, start + length) };
    at = short > 0 ? at + 8 : start + (type === COMPRESSED ? length : Math.ceil(length / 8) * 8);
  }
}

function readArray(
  bytes: Uint8Array,
  file: string,
  names: readonly string[],
): { readonly name: string; readonly array?: MatArray } {
  const [flags, dimensions, named, values] = elements(bytes, file);
  if (flags === undefined || dimensions?.type !== DIMENSIONS || named?.type !== NAME)
    fail(file, 'has an array without dimensions or name');
  const name = Buffer.from(named.content).toString('latin1');
  if (!names.includes(name)) return { name };
  const shape = Array.from(numbers(dimensions, file));
  const count = shape.reduce((total, size) => total * size, 1);
  if (shape.length < 2 || shape.some((size) => size < 0)) fail(file, `array "${name}" has dimensions [${shape}]`);
  const read = values === undefined ? [] : numbers(values, file);
  if (read.length !== count) fail(file, `array "${name}" has ${read.length} values, expected ${count} for [${shape}]`);
  if (read instanceof Uint8Array) return { name, array: { shape, data: read } };
  const data = Uint8Array.from(read);
  const wrong = data.findIndex((value, i) => value !== read[i]);
  if (wrong >= 0) fail(file, `array "${name}" holds ${read[wrong]}, expected whole numbers from 0 to 255`);
  return { name, array: { shape, data } };
}

/** An element's numbers; bytes are not copied. */
function numbers({ type, content }: Element, file: string): ArrayLike<number> {
  const Type = TYPES[type];
  if (Type === undefined) fail(file, `has values of number type ${type}, which is not read here`);
  if (content.length % Type.BYTES_PER_ELEMENT !== 0)
    fail(file, `has ${content.length} bytes of numbers of ${Type.BYTES_PER_ELEMENT} bytes`);
  return type === 2 ? content : new Type(Uint8Array.from(content).buffer);
}

function inflated(content: Uint8Array, file: string): Uint8Array {
  try {
    return inflateSync(content, { maxOutputLength: LARGEST });
  } catch (cause) {
    throw new UsageError(`[attribench] MATLAB file ${file}: does not unpack, truncated or altered`, { cause });
  }
}

function fail(file: string, problem: string): never {
  throw new UsageError(`[attribench] MATLAB file ${file}: ${problem}`);
}
