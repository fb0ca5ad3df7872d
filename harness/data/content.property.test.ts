import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { decodeDataset, encodeDataset } from './content.ts';
import { made } from './made-content.ts';

test.prop([fc.nat(), fc.integer({ min: 1, max: 9 }), fc.boolean(), fc.boolean()])(
  'content comes back as it was, metadata being JSON',
  (seed, n, bytes, masks) => {
    const content = made(seed, n, { bytes, masks });
    const { metadata, parts } = encodeDataset(content);
    expect(Object.keys(parts)).toEqual(['train', 'validation', 'test']);
    expect(decodeDataset(JSON.parse(JSON.stringify(metadata)), parts)).toEqual(content);
  },
);

async function* inBlocks(bytes: Uint8Array, lengths: readonly number[]): AsyncGenerator<Uint8Array> {
  let from = 0;
  for (let i = 0; from < bytes.length; i++) {
    const length = Math.max(1, lengths[i % lengths.length] ?? 1);
    yield bytes.subarray(from, from + length);
    from += length;
  }
}

test.prop([
  fc.nat(),
  fc.integer({ min: 1, max: 9 }),
  fc.array(fc.nat(50), { minLength: 1, maxLength: 5 }),
  fc.integer({ min: 1, max: 100 }),
])('streamed images come back in pieces of whole images, whatever the blocks', async (seed, n, lengths, pieceBytes) => {
  const content = made(seed, n, { bytes: true, masks: true });
  const { train } = content.splits;
  const bytes = Uint8Array.from(train.images);
  const streamed = {
    ...content,
    splits: { ...content.splits, train: { ...train, images: { blocks: () => inBlocks(bytes, lengths) } } },
  };
  const { metadata, parts, streams } = encodeDataset(streamed, pieceBytes);
  expect(Object.keys(streams)).toEqual(['train-images']);
  const pieces: Uint8Array[] = [];
  for await (const piece of streams['train-images'] ?? []) pieces.push(piece.slice());
  for (const piece of pieces) {
    expect(piece.length % 18).toBe(0);
    expect(piece.length).toBeLessThanOrEqual(Math.max(18, pieceBytes));
  }
  const all = Buffer.concat(pieces);
  expect(all.equals(bytes)).toBe(true);
  const reader = { gather: (indices: ArrayLike<number>) => all.subarray(18 * (indices[0] ?? 0)) };
  const decoded = decodeDataset(metadata, parts, { 'train-images': reader });
  expect(decoded.splits.train).toEqual({ ...train, images: reader });
  expect(decoded.splits.test).toEqual(content.splits.test);
});
