import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { decodeSafetensors, encodeSafetensors, type TensorData } from './safetensors.ts';

const shape = fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 3 });
const filled = shape.chain((sizes) => {
  const length = sizes.reduce((a, b) => a * b, 1);
  const exact = { minLength: length, maxLength: length };
  const data: fc.Arbitrary<TensorData> = fc.oneof(fc.float32Array(exact), fc.int32Array(exact), fc.uint8Array(exact));
  return data.map((values) => ({ shape: sizes, data: values }));
});
const files = fc.uniqueArray(fc.record({ name: fc.string(), array: filled }), { selector: ({ name }) => name });

test.prop([files, fc.dictionary(fc.string(), fc.string())])('what is written is read back', (arrays, metadata) => {
  const entries = arrays.map(({ name, array }) => ({ name, ...array }));
  const decoded = decodeSafetensors(encodeSafetensors(entries, metadata));
  expect(decoded.entries).toEqual(entries);
  expect(Object.entries(decoded.metadata)).toEqual(Object.entries(metadata));
});

test.prop([fc.uint8Array({ maxLength: 64 })])('any bytes are read or refused with one sentence', (bytes) => {
  try {
    decodeSafetensors(bytes);
  } catch (error) {
    expect(String(error)).toMatch(/^UsageError: \[attribench] safetensors: [^\n]+$/);
  }
});
