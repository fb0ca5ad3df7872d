import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { encodeMat } from './encode-mat.ts';
import { decodeMat } from './mat.ts';

const X = { name: 'X', shape: [2, 2, 3, 2], values: Array.from({ length: 24 }, (_, i) => 10 * i) };
const y = { name: 'y', shape: [2, 1], values: [10, 3], type: 9 as const };

test.prop([
  fc.array(fc.nat(4), { minLength: 2, maxLength: 4 }),
  fc.infiniteStream(fc.nat(255)),
  fc.constantFrom(2 as const, 9 as const),
  fc.boolean(),
  fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 9 }),
])('reads back any small array, beside others', (shape, stream, type, compressed, name) => {
  const values = [...stream.take(shape.reduce((a, b) => a * b, 1))];
  const file = encodeMat(
    [
      { name: `other ${name}`, shape: [1, 1], values: [7] },
      { name, shape, values, type },
    ],
    compressed,
  );
  const array = decodeMat(file, 'x.mat', [name]).get(name);
  expect(array?.shape).toEqual(shape);
  expect([...(array?.data ?? [])]).toEqual(values);
});

test.prop([fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }), fc.nat(), fc.boolean()], { numRuns: 300 })(
  'an altered or truncated file is read or refused with one sentence',
  (changes, cut, compressed) => {
    const whole = encodeMat([X, y], compressed);
    for (const [at, value] of changes) whole[at % whole.length] = value;
    try {
      decodeMat(whole.subarray(0, whole.length - (cut % 2) * (cut % whole.length)), 'x.mat', ['X', 'y']);
    } catch (thrown) {
      expect((thrown as Error).name).toBe('UsageError');
      expect((thrown as Error).message).toMatch(/^\[attribench] MATLAB file x\.mat: [^\n]+$/);
    }
  },
);

describe('refuses with one sentence', () => {
  const plain = encodeMat([X, y], false);
  test.each<[string, () => Uint8Array]>([
    ['is no little-endian MATLAB 5 file', () => new Uint8Array(200)],
    ['has no array "y"', () => encodeMat([X], false)],
    [
      'array "y" holds 0.5, expected whole numbers from 0 to 255',
      () => encodeMat([X, { ...y, values: [1, 0.5] }], true),
    ],
    ['array "y" holds 256', () => encodeMat([X, { ...y, values: [256, 1] }], true)],
    ['array "y" holds -1', () => encodeMat([X, { ...y, values: [-1, 1] }], true)],
    ['array "X" has 24 values, expected 4294967292', () => encodeMat([{ ...X, shape: [2147483646, 2] }, y], true)],
    ['does not unpack', () => encodeMat([X, y], true).fill(0, 140, 160)],
    ['truncated', () => plain.subarray(0, plain.length - 20)],
  ])('%s', (problem, file) => {
    expect(() => decodeMat(file(), 'x.mat', ['X', 'y'])).toThrow(problem);
  });
});
