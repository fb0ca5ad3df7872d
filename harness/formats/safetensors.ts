/**
 * The safetensors file format, both ways: named arrays that Python reads too, and no executable content.
 *
 * Layout (huggingface/safetensors, "Format"): a little-endian 64-bit header length, a JSON header
 * `{ name: { dtype, shape, data_offsets }, __metadata__: { string: string } }` padded with spaces to a
 * multiple of 8 bytes, then the arrays without a gap. Of its number types F32, I32 and U8 are known
 * here. Everything read is checked, for such a file may come from anywhere.
 */
import { UsageError } from '../errors.ts';

export type TensorData = Float32Array | Int32Array | Uint8Array;

export interface TensorEntry {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: TensorData;
}

type NumberType = 'F32' | 'I32' | 'U8';

const TYPES: Record<NumberType, { new (bytes: ArrayBufferLike): TensorData; readonly BYTES_PER_ELEMENT: number }> = {
  F32: Float32Array,
  I32: Int32Array,
  U8: Uint8Array,
};
const LENGTH_BYTES = 8;
const LARGEST_HEADER = 100_000_000;
const METADATA = '__metadata__';

/** Bytes of a safetensors file with these arrays in this order; throws on a name given twice or a shape that does not fit. */
export function encodeSafetensors(
  entries: readonly TensorEntry[],
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const header = new Map<string, unknown>();
  if (Object.keys(metadata).length > 0) header.set(METADATA, metadata);
  let end = 0;
  for (const { name, shape, data } of entries) {
    if (name === METADATA || header.has(name)) fail(`cannot write the array name "${name}": taken`);
    if (product(shape) !== data.length)
      fail(`array "${name}" has ${data.length} values, expected ${product(shape)} for shape [${shape}]`);
    const begin = end;
    end += data.byteLength;
    header.set(name, { dtype: typeName(data), shape, data_offsets: [begin, end] });
  }
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
  const start = LENGTH_BYTES + Math.ceil(json.length / 8) * 8;
  const bytes = new Uint8Array(start + end);
  bytes.fill(0x20, 0, start);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(start - LENGTH_BYTES), true);
  bytes.set(json, LENGTH_BYTES);
  let at = start;
  for (const { data } of entries) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return bytes;
}

/** The arrays of a safetensors file, copied, in the order in which their data stand; throws UsageError on a damaged file. */
export function decodeSafetensors(bytes: Uint8Array): { entries: TensorEntry[]; metadata: Record<string, string> } {
  const { header, start } = readHeader(bytes);
  const metadata = readMetadata(header[METADATA]);
  const located = Object.entries(header)
    .filter(([name]) => name !== METADATA)
    .map(([name, value]) => locate(name, value))
    .sort((a, b) => a.begin - b.begin || a.end - b.end);
  let end = 0;
  const entries = located.map(({ name, type, shape, begin, end: itsEnd }) => {
    if (begin !== end) fail(`array "${name}" begins at byte ${begin} of the data, expected ${end}`);
    end = itsEnd;
    if (start + end > bytes.length)
      fail(`the file ends at byte ${bytes.length}, but array "${name}" goes on to byte ${start + end}: truncated`);
    const copy = bytes.buffer.slice(bytes.byteOffset + start + begin, bytes.byteOffset + start + end);
    return { name, shape, data: new TYPES[type](copy) };
  });
  if (start + end !== bytes.length) fail(`${bytes.length - start - end} bytes stand after the last array`);
  return { entries, metadata };
}

function readHeader(bytes: Uint8Array): { header: Record<string, unknown>; start: number } {
  if (bytes.length < LENGTH_BYTES) fail(`the file has ${bytes.length} bytes, expected at least ${LENGTH_BYTES}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = Number(view.getBigUint64(0, true));
  const start = LENGTH_BYTES + length;
  if (length > LARGEST_HEADER || start > bytes.length)
    fail(`the header claims ${length} bytes in a file of ${bytes.length}: truncated, or not a safetensors file`);
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(LENGTH_BYTES, start)));
  } catch (cause) {
    throw new UsageError('[attribench] safetensors: the header is not JSON', { cause });
  }
  if (!isRecord(header)) fail('the header is not a JSON object');
  return { header, start };
}

function readMetadata(value: unknown = {}): Record<string, string> {
  if (!isRecord(value)) fail(`${METADATA} is not a JSON object`);
  return Object.fromEntries(
    Object.entries(value).map(([name, text]) => {
      if (typeof text !== 'string') fail(`metadata "${name}" is not a string`);
      return [name, text];
    }),
  );
}

function locate(name: string, value: unknown) {
  if (!isRecord(value)) fail(`array "${name}" has no description`);
  const { dtype, shape, data_offsets: offsets } = value;
  if (!isType(dtype))
    fail(`array "${name}" has number type ${JSON.stringify(dtype)}, expected one of ${Object.keys(TYPES).join(', ')}`);
  if (!isSizes(shape)) fail(`array "${name}" has shape ${JSON.stringify(shape)}, expected a list of sizes`);
  if (!isSizes(offsets) || offsets.length !== 2)
    fail(`array "${name}" has data_offsets ${JSON.stringify(offsets)}, expected [begin, end]`);
  const [begin = 0, end = 0] = offsets;
  const needed = product(shape) * TYPES[dtype].BYTES_PER_ELEMENT;
  if (end - begin !== needed)
    fail(`array "${name}" has ${end - begin} bytes, expected ${needed} for ${dtype} [${shape}]`);
  return { name, type: dtype, shape, begin, end };
}

function typeName(data: TensorData): NumberType {
  if (data instanceof Float32Array) return 'F32';
  return data instanceof Int32Array ? 'I32' : 'U8';
}

function isType(value: unknown): value is NumberType {
  return typeof value === 'string' && Object.hasOwn(TYPES, value);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}

function product(shape: readonly number[]): number {
  return shape.reduce((total, size) => total * size, 1);
}

function fail(problem: string): never {
  throw new UsageError(`[attribench] safetensors: ${problem}`);
}
