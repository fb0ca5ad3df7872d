import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fc, test } from '@fast-check/vitest';
import { afterAll, expect } from 'vitest';
import { type ImageFile, imageReader } from './reader.ts';

const folder = mkdtempSync(join(tmpdir(), 'attribench-reader-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Files with so many images each, image i of `size` bytes filled with i. */
function files(counts: readonly number[], size: number): ImageFile[] {
  let image = 0;
  return counts.map((count, i) => {
    const path = join(folder, `${i}`);
    const bytes = Buffer.concat(Array.from({ length: count }, () => Buffer.alloc(size, image++)));
    writeFileSync(path, bytes);
    return { path, bytes: bytes.length };
  });
}

const counts = fc.array(fc.nat(4), { minLength: 1, maxLength: 5 }).filter((list) => list.some((count) => count > 0));

test.prop([counts, fc.integer({ min: 1, max: 5 }), fc.array(fc.nat(999), { maxLength: 20 })], { numRuns: 50 })(
  'gives the images asked for, in the order asked, also twice',
  (list, size, drawn) => {
    const total = list.reduce((sum, count) => sum + count, 0);
    const indices = drawn.map((value) => value % total);
    const images = imageReader(files(list, size), size).gather(indices);
    expect([...images]).toEqual(indices.flatMap((index) => Array<number>(size).fill(index)));
  },
);

test('refuses what is no index, a file of broken images, and a file that has shrunk', () => {
  const whole = files([2, 1], 4);
  const reader = imageReader(whole, 4);
  for (const index of [-1, 3, 0.5, Number.NaN])
    expect(() => reader.gather([0, index])).toThrow(`[attribench] image index ${index}, expected 0 to 2`);
  expect(() => imageReader(whole, 3)).toThrow('has 8 bytes, expected whole images of 3');
  writeFileSync(whole[0]?.path ?? '', 'short');
  expect(() => reader.gather([1])).toThrow('ends within image 1');
});
