import { expect, test } from 'vitest';
import { byteSize, duration, table } from './table.ts';

test('columns are as wide as their widest entry, numbers stand right', () => {
  expect(
    table(
      ['id', 'n', 'note'],
      [
        ['a', 5, ''],
        ['longer', 10, 'x'],
      ],
    ),
  ).toBe(['id       n  note', '------  --  ----', 'a        5', 'longer  10  x'].join('\n'));
  expect(table(['id'], [])).toBe('id\n--');
});

test.each([
  [0, '0.0 s'],
  [9.94, '9.9 s'],
  [12.4, '12 s'],
  [99.4, '99 s'],
  [100, '2 min'],
  [5940, '99 min'],
  [6000, '1 h 40 min'],
])('%d seconds read %s', (seconds, text) => {
  expect(duration(seconds)).toBe(text);
});

test.each([
  [0, '0 B'],
  [1023, '1023 B'],
  [1024, '1.0 KiB'],
  [1.5 * 2 ** 20, '1.5 MiB'],
  [250 * 2 ** 20, '250 MiB'],
  [2 ** 30, '1.0 GiB'],
])('%d bytes read %s', (bytes, text) => {
  expect(byteSize(bytes)).toBe(text);
});
