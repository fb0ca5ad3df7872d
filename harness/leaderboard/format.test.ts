import { fc, test as property } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import {
  describeMeasure,
  formatCount,
  formatMeasure,
  formatValue,
  htmlText,
  linkTarget,
  listText,
  markdownText,
  oneLine,
} from './format.ts';
import { sampleMeasure } from './sample-record.ts';

test.each([
  [0.4567, 'share', '45.7'],
  [1, 'accuracy', '100.0'],
  [-0.0001, 'share', '0.0'],
  [-0.02, 'share', '-2.0'],
  [12.345, 'ratio', '12.3'],
  [1234.5, 'ratio', '1235'],
  [0.0123, 'correlation', '0.012'],
  [-0.0004, 'correlation', '0.000'],
  [7, 'count', '7'],
  [7.25, 'count', '7.3'],
  [1.005, 'logit', '1.00'],
] as const)('%f as a %s is %s', (value, unit, text) => {
  expect(formatValue(value, unit)).toBe(text);
});

test('estimate, interval, count and meaning of a measure', () => {
  const measure = sampleMeasure([0.4, null, 0.42, 0.41]);
  expect(formatMeasure(measure)).toBe('41.0 [38.5, 43.5]');
  expect(formatMeasure({ ...measure, interval: null })).toBe('41.0');
  expect(formatMeasure({ ...measure, estimate: null, interval: null })).toBe('–');
  expect(formatCount(measure)).toBe('3 of 4');
  expect(formatCount(sampleMeasure([1, 2]))).toBe('2');
  expect(describeMeasure(measure)).toBe('null-share in %, lower is better, chance 50.0 %, ideal 0.0 %');
  expect(describeMeasure(sampleMeasure([1], { unit: 'ratio', better: 'none', chance: null, ideal: null }))).toBe(
    'null-share',
  );
});

test('foreign text stays text', () => {
  expect(markdownText('a | b\n# c')).toBe('a \\| b # c');
  expect(markdownText('<script>alert(1)</script>')).toBe('&lt;script&gt;alert(1)&lt;/script&gt;');
  expect(markdownText('[x](javascript:y) `z` **w** ~~v~~ _u_ \\ ![t]')).toBe(
    '\\[x\\](javascript:y) \\`z\\` \\*\\*w\\*\\* \\~\\~v\\~\\~ \\_u\\_ \\\\ !\\[t\\]',
  );
  expect(htmlText(`"a" & 'b' <c>`)).toBe('&quot;a&quot; &amp; &#39;b&#39; &lt;c&gt;');
  expect(linkTarget('a b/(c)/d=1,2+3.json')).toBe('a%20b/%28c%29/d%3D1%2C2%2B3.json');
  expect(oneLine('a\u001b[31m\r\nb\u2028c ')).toBe('a [31m b c');
  expect(listText(['a', 'b', 'c'])).toBe('a, b and c');
  expect(listText(['a'])).toBe('a');
  expect(listText([])).toBe('');
});

property.prop([fc.string({ unit: 'binary' })])('escaped text holds no bare sign of Markdown or HTML', (text) => {
  const escaped = markdownText(text);
  expect(escaped.replace(/\\[\\`*_[\]|~$]|&(?:amp|lt|gt|quot|#39);/g, '')).not.toMatch(/[\\`*_[\]|~$<>&"'\n]/);
});
