/**
 * Pictures as SVG files: Observable Plot drawn into linkedom, the same bytes for the same numbers.
 */
import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';

const FONT = 'system-ui, -apple-system, Segoe UI, Helvetica, Arial, sans-serif';

/** Told apart without telling red from green (Okabe and Ito). */
export const COLOURS = ['#0072b2', '#d55e00', '#00805d', '#9a7b00', '#8b4a9c', '#616e7c', '#b03060'] as const;

export const INK = '#1f2933';
export const GRID = '#e4e7eb';

const MARGIN = 20;
const HEADER = 62;
const LINE = 17;

/** A stand-alone SVG: a title, a line below it, and the plot; `key` explains the colours. */
export function picture(
  title: string,
  below: string,
  key: readonly { readonly name: string; readonly colour: string }[],
  options: Plot.PlotOptions & { readonly width: number; readonly height: number },
): string {
  const { document } = parseHTML('<!doctype html><html><body></body></html>');
  const drawn = Plot.plot({ document, marginLeft: 60, marginRight: MARGIN, ...options }).outerHTML;
  const marks = drawn
    .replace(/^<svg[^>]*>/, '')
    .replace(/<\/svg>$/, '')
    .replace(/<style>[^<]*<\/style>/, '')
    .replace(/ aria-(?:label|description|hidden)="[^"]*"/g, '');
  const top = HEADER + (key.length > 0 ? LINE + 6 : 0);
  const height = top + options.height + 8;
  let x = MARGIN;
  const entries = key.map(({ name, colour }) => {
    const entry = `<rect x="${x}" y="${HEADER - 2}" width="11" height="11" fill="${colour}"/>${text(x + 16, HEADER + 8, name, 'font-size="12"')}`;
    x += 16 + 7 * name.length + 18;
    return entry;
  });
  const { width } = options;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" role="img" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="${FONT}" font-size="12" fill="${INK}">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    text(MARGIN, 26, title, 'font-size="16" font-weight="600"'),
    text(MARGIN, 46, below, 'fill="#616e7c"'),
    ...entries,
    `<g transform="translate(0 ${top})" text-anchor="middle" fill="currentColor" color="${INK}">${marks}</g>`,
    '</svg>',
    '',
  ].join('\n');
}

function text(x: number, y: number, content: string, attributes: string): string {
  return `<text x="${x}" y="${y}" ${attributes}>${escaped(content)}</text>`;
}

function escaped(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
