import { gzipSync } from 'node:zlib';
import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { decodeIdx } from './idx.ts';

/** Slow and obvious: one number after the other. */
function encodeIdx(shape: readonly number[], values: readonly number[], type = 8): Uint8Array {
  const bytes = [0, 0, type, shape.length];
  for (const size of shape) for (const power of [3, 2, 1, 0]) bytes.push(Math.floor(size / 256 ** power) % 256);
  return Uint8Array.from([...bytes, ...values]);
}

const images = encodeIdx([2, 2, 3], [0, 1, 2, 3, 4, 5, 255, 254, 253, 252, 251, 250]);

describe('decodeIdx', () => {
  test('reads the published layout, plain and gzipped', () => {
    const expected = { shape: [2, 2, 3], data: Uint8Array.of(0, 1, 2, 3, 4, 5, 255, 254, 253, 252, 251, 250) };
    expect([...images.subarray(0, 16)]).toEqual([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 3]);
    expect(copied(decodeIdx(images, 'x', 3))).toEqual(expected);
    expect(copied(decodeIdx(gzipSync(images), 'x', 3))).toEqual(expected);
  });

  property.prop([fc.array(fc.nat(5), { minLength: 1, maxLength: 4 }), fc.infiniteStream(fc.nat(255)), fc.boolean()])(
    'reads back any small array',
    (shape, stream, zipped) => {
      const values = [...stream.take(shape.reduce((a, b) => a * b, 1))];
      const bytes = encodeIdx(shape, values);
      const decoded = decodeIdx(zipped ? gzipSync(bytes) : bytes, 'x', shape.length);
      expect(decoded.shape).toEqual(shape);
      expect([...decoded.data]).toEqual(values);
    },
  );

  test('every truncation, plain or gzipped, is refused with one sentence that names the file', () => {
    for (const whole of [images, new Uint8Array(gzipSync(images))]) {
      for (let length = 0; length < whole.length; length++) {
        expect(() => decodeIdx(whole.subarray(0, length), 'train-images', 3)).toThrow(
          /^\[attribench] IDX file train-images: [^\n]+$/,
        );
      }
    }
  });

  test.each<[string, Uint8Array]>([
    ['starts with 0x00000d03, expected 0x00000803', encodeIdx([1, 1, 1], [0, 0, 0, 0], 0x0d)],
    ['starts with 0x00000801, expected 0x00000803', encodeIdx([12], Array(12).fill(0))],
    ['holds 13 values, expected 12 for [2,2,3]', Uint8Array.of(...images, 9)],
    ['holds 0 values, expected 7.92', encodeIdx([2 ** 32 - 1, 2 ** 32 - 1, 2 ** 32 - 1], [])],
    ['starts with 0x89504e47', Uint8Array.of(0x89, 0x50, 0x4e, 0x47, ...Array(20).fill(0))],
    ['does not unpack as gzip', Uint8Array.of(0x1f, 0x8b, 8, 0, 1, 2, 3)],
  ])('a wrong file is refused: %s', (problem, bytes) => {
    expect(() => decodeIdx(bytes, 'x', 3)).toThrow(problem);
  });
});

function copied({ shape, data }: { shape: number[]; data: Uint8Array }) {
  return { shape, data: Uint8Array.from(data) };
}
