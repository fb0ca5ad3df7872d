import { gzipSync } from 'node:zlib';
import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { encodeIdx } from './encode-idx.ts';
import { decodeIdx } from './idx.ts';

test.prop([fc.array(fc.nat(5), { minLength: 1, maxLength: 4 }), fc.infiniteStream(fc.nat(255)), fc.boolean()])(
  'reads back any small array',
  (shape, stream, zipped) => {
    const values = [...stream.take(shape.reduce((a, b) => a * b, 1))];
    const bytes = encodeIdx(shape, values);
    const decoded = decodeIdx(zipped ? gzipSync(bytes) : bytes, 'x', shape.length);
    expect(decoded.shape).toEqual(shape);
    expect([...decoded.data]).toEqual(values);
  },
);
