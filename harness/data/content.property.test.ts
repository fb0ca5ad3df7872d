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
