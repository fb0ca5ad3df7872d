import { expect, test } from 'vitest';
import { largest, profile } from './part.ts';

const measured = {
  job: 'a step',
  steps: 2,
  total: 20,
  groups: [
    { group: 'products', calls: 8, milliseconds: 12 },
    { group: 'convolutions', calls: 0, milliseconds: 0 },
    { group: 'elementwise', calls: 40, milliseconds: 3 },
    { group: 'JavaScript', calls: 0, milliseconds: 5 },
  ],
  unknown: ['Odd'],
};

test('the sentence names the three largest groups in their order, and what no group knows', () => {
  expect(largest('wasm', measured)).toBe(
    'wasm, a step: products 60 %, JavaScript 25 %, elementwise 15 % of 20 ms. Other: Odd.',
  );
});

test('the table has a column a group, shares of the whole, and nothing where nothing ran', () => {
  const lines = profile.markdown([{ engine: 'wasm', profiles: [measured] }]).split('\n');
  expect(lines).toContain('| job | ms | products | convolutions | elementwise | JavaScript |');
  expect(lines).toContain('| a step | 20 | 12 (60 %, 8 calls) |  | 3 (15 %, 40 calls) | 5 (25 %) |');
});
