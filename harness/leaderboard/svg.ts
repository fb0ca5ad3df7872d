/**
 * What the leaderboard's pictures share: colours, lengths, text, and Observable Plot drawn without a browser.
 *
 * A file is the same bytes for the same records: no clip paths (their ids come from a counter), no style
 * sheet, no aria labels without a role.
 */
import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import { htmlText } from './format.ts';

export const INK = '#1f2933';
export const MUTED = '#616e7c';
export const GRID = '#e4e7eb';
const FONT = 'system-ui, -apple-system, Segoe UI, Helvetica, Arial, sans-serif';

/** In pixels. `width` is aimed at: GitHub shows pictures about that wide without shrinking them. */
export const PAGE = {
  width: 900,
  margin: 20,
  /** Widths of a letter: of names, of the heading, of the last line. */
  letter: 7.2,
  heading: 10.5,
  small: 6.2,
  line: 17,
} as const;

/** A stand-alone file; title and description say in words what the picture shows. */
export function svgFile(
  size: { readonly width: number; readonly height: number },
  title: string,
  description: string | null,
  parts: readonly string[],
): string {
  const { width, height } = size;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" role="img" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="${FONT}" font-size="13" fill="${INK}">`,
    `<title>${htmlText(title)}</title>`,
    ...(description === null ? [] : [`<desc>${htmlText(description)}</desc>`]),
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    ...parts,
    '</svg>',
    '',
  ].join('\n');
}

/** Plot's marks without the page around them: its own svg element, style sheet and aria attributes. */
export function marksOf(options: Plot.PlotOptions): string {
  const { document } = parseHTML('<!doctype html><html><body></body></html>');
  return Plot.plot({ document, ...options })
    .outerHTML.replace(/^<svg[^>]*>/, '')
    .replace(/<\/svg>$/, '')
    .replace(/<style>[^<]*<\/style>/, '')
    .replace(/ aria-(?:label|description|hidden)="[^"]*"/g, '');
}

/** The same with every length to a hundredth of a pixel: a third of the bytes, and no machine's last digit. */
export function roundedMarks(options: Plot.PlotOptions): string {
  return marksOf(options).replace(/="[^"]*"/g, (value) =>
    value.replace(/-?\d+\.\d{3,}(?![\de])/g, (length) => String(Number(Number(length).toFixed(2)))),
  );
}

export function textAt(x: number, y: number, content: string, attributes: string): string {
  return `<text x="${x}" y="${y}" ${attributes}>${htmlText(content)}</text>`;
}

/** At most so many letters, the last one an ellipsis where some are left out. */
export function shortened(line: string, letters: number): string {
  return line.length <= letters ? line : `${line.slice(0, Math.max(1, letters - 1))}…`;
}
