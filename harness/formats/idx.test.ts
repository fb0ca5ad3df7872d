import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { encodeIdx } from './encode-idx.ts';
import { decodeIdx } from './idx.ts';

const images = encodeIdx([2, 2, 3], [0, 1, 2, 3, 4, 5, 255, 254, 253, 252, 251, 250]);

describe('decodeIdx', () => {
  test('reads the published layout, plain and gzipped', () => {
    const expected = { shape: [2, 2, 3], data: Uint8Array.of(0, 1, 2, 3, 4, 5, 255, 254, 253, 252, 251, 250) };
    expect([...images.subarray(0, 16)]).toEqual([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 3]);
    expect(copied(decodeIdx(images, 'x', 3))).toEqual(expected);
    expect(copied(decodeIdx(gzipSync(images), 'x', 3))).toEqual(expected);
  });

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
