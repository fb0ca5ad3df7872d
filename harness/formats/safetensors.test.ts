import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { decodeSafetensors, encodeSafetensors, type TensorEntry } from './safetensors.ts';

const fromPython = new Uint8Array(readFileSync(new URL('./fixtures/python.safetensors', import.meta.url)));

/** What make-safetensors.py writes, in the reference writer's order: wide types first, then by name. */
const entries: TensorEntry[] = [
  { name: 'dense/bias', shape: [3], data: Float32Array.of(Number.POSITIVE_INFINITY, -0, 1e-42) },
  { name: 'dense/kernel', shape: [2, 3], data: Float32Array.from({ length: 6 }, (_, i) => (i - 2.5) / 4) },
  { name: 'scalar', shape: [], data: Float32Array.of(0.1) },
  { name: 'labels', shape: [3, 1], data: Int32Array.of(7, -(2 ** 31), 2 ** 31 - 1) },
  { name: 'mask', shape: [5], data: Uint8Array.of(0, 1, 255, 3, 4) },
  { name: 'nothing', shape: [0, 4], data: new Uint8Array(0) },
];
const metadata = { 'made by': 'Python ✓' };

describe('a file written by the reference implementation', () => {
  test('is read value by value', () => {
    expect(decodeSafetensors(fromPython)).toEqual({ entries, metadata });
  });

  test('is what our writer writes, byte by byte', () => {
    expect(encodeSafetensors(entries, metadata)).toEqual(fromPython);
  });

  test('is read at any offset of a larger buffer', () => {
    const larger = new Uint8Array(fromPython.length + 3);
    larger.set(fromPython, 3);
    expect(decodeSafetensors(larger.subarray(3))).toEqual({ entries, metadata });
    expect(decodeSafetensors(Buffer.from(fromPython)).entries).toEqual(entries);
  });
});

test('a decoded array is a copy', () => {
  const bytes = encodeSafetensors([{ name: 'a', shape: [1], data: Uint8Array.of(5) }]);
  const { entries: decoded } = decodeSafetensors(bytes);
  bytes.fill(0);
  expect(decoded[0]?.data).toEqual(Uint8Array.of(5));
});

test.each<[string, TensorEntry[]]>([
  ['"a": taken', [array('a', [1]), array('a', [1])]],
  ['"__metadata__": taken', [array('__metadata__', [1])]],
  ['has 1 values, expected 6 for shape [2,3]', [{ ...array('a', [1]), shape: [2, 3] }]],
])('the writer refuses: %s', (problem, refused) => {
  expect(() => encodeSafetensors(refused)).toThrow(problem);
});

describe('hostile and damaged files', () => {
  test('every truncation is refused with one sentence', () => {
    for (let length = 0; length < fromPython.length; length++) {
      expect(() => decodeSafetensors(fromPython.subarray(0, length))).toThrow(/^\[attribench] safetensors: [^\n]+$/);
    }
  });

  const good = { dtype: 'F32', shape: [1], data_offsets: [0, 4] };
  test.each<[string, unknown, number]>([
    ['not a JSON object', [good], 4],
    ['"a" has no description', { a: null }, 4],
    ['number type "F64", expected one of F32, I32, U8', { a: { ...good, dtype: 'F64' } }, 4],
    ['number type "toString"', { a: { ...good, dtype: 'toString' } }, 4],
    ['shape [-1], expected a list of sizes', { a: { ...good, shape: [-1] } }, 4],
    ['shape [1.5]', { a: { ...good, shape: [1.5] } }, 4],
    ['data_offsets [0,4,8]', { a: { ...good, data_offsets: [0, 4, 8] } }, 4],
    ['has 8 bytes, expected 4 for F32 [1]', { a: { ...good, data_offsets: [0, 8] } }, 8],
    ['has -4 bytes, expected 4', { a: { ...good, data_offsets: [4, 0] } }, 4],
    ['"b" begins at byte 0 of the data, expected 4', { a: good, b: good }, 4],
    ['"a" begins at byte 4 of the data, expected 0', { a: { ...good, data_offsets: [4, 8] } }, 8],
    ['goes on to byte', { a: { ...good, shape: [1e9], data_offsets: [0, 4e9] } }, 4],
    ['1 bytes stand after the last array', { a: good }, 5],
    ['metadata "x" is not a string', { __metadata__: { x: 1 } }, 0],
    ['__metadata__ is not a JSON object', { __metadata__: 'x' }, 0],
  ])('%s', (problem, header, dataBytes) => {
    expect(() => decodeSafetensors(file(JSON.stringify(header), dataBytes))).toThrow(problem);
  });

  test('a header that is not JSON, or not UTF-8, or of absurd length', () => {
    expect(() => decodeSafetensors(file('{"a":', 0))).toThrow('not JSON');
    const bytes = file('{}', 0);
    bytes[8] = 0xff;
    expect(() => decodeSafetensors(bytes)).toThrow('not JSON');
    expect(() => decodeSafetensors(new Uint8Array(16).fill(0xff))).toThrow('header claims');
  });

  test('a name of the object prototype is a name like any other', () => {
    const odd = [array('__proto__', [1]), array('constructor', [2])];
    expect(decodeSafetensors(encodeSafetensors(odd, { __proto__x: 'y' })).entries).toEqual(odd);
  });
});

function array(name: string, values: number[]): TensorEntry {
  return { name, shape: [values.length], data: Float32Array.from(values) };
}

function file(header: string, dataBytes: number): Uint8Array {
  const json = new TextEncoder().encode(header);
  const bytes = new Uint8Array(8 + json.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  return bytes;
}
