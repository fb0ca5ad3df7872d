/**
 * A picture of curves: a row of panels each kind of figure, a column a training, a line a method, a band its interval.
 *
 * Lines are straight between the levels that were run. A training's column shows methods, the last one the
 * controls. Panels whose figures can be compared (the same unit and chance) have one scale.
 */
import { type Layout, layoutOf, SIZE } from './curve-plot/layout.ts';
import { legendOf } from './curve-plot/legend.ts';
import { panelsOf } from './curve-plot/panels.ts';
import { headline, inWords, provenance } from './curve-plot/words.ts';
import type { CurveView } from './curves.ts';
import { MUTED, shortened, svgFile, textAt } from './svg.ts';

/** The picture as an SVG file. */
export function renderCurves(view: CurveView): string {
  const layout = layoutOf(view);
  const { width } = layout;
  const legend = legendOf(layout);
  const names = columnNames(layout);
  const namesTop = SIZE.legendTop + legend.height + 4;
  const top = namesTop + Math.max(...names.map((lines) => lines.length)) * SIZE.line;
  const row = SIZE.title + SIZE.plot + SIZE.axis;
  const height = top + row * view.panels.length + SIZE.footer;
  const centre = (column: number) => SIZE.left + column * (layout.panel + SIZE.between) + layout.panel / 2;
  const bold = 'text-anchor="middle" font-weight="600"';
  const letters = (size: number) => Math.floor((width - 2 * SIZE.margin) / size);
  const heading = shortened(view.check.title, letters(SIZE.heading));
  const subject = shortened(`${view.dataset.title} · ${view.model.title}`, letters(SIZE.letter));
  const under = `${view.level} (square-root scale)`;
  return svgFile({ width, height }, `${headline(view)}, profile ${view.profile}`, inWords(view), [
    textAt(SIZE.margin, 32, heading, 'font-size="18" font-weight="600"'),
    textAt(SIZE.margin, 52, subject, `fill="${MUTED}"`),
    `<g transform="translate(0 ${SIZE.legendTop})">${legend.markup}</g>`,
    ...names.flatMap((lines, column) =>
      lines.map((line, i) => textAt(centre(column), top - 4 - (lines.length - 1 - i) * SIZE.line, line, bold)),
    ),
    ...view.panels.flatMap((panel, i) => [
      textAt(SIZE.left, top + row * i + 18, panel.title, `fill="${MUTED}" font-size="12" font-weight="600"`),
      `<g transform="translate(0 ${top + row * i + SIZE.title})" text-anchor="middle">${panelsOf(layout, panel)}</g>`,
    ]),
    textAt((centre(0) + centre(names.length - 1)) / 2, height - 50, under, `text-anchor="middle" fill="${MUTED}"`),
    ...provenance(view).map((line, i) =>
      textAt(SIZE.margin, height - 26 + 16 * i, line, `fill="${MUTED}" font-size="11"`),
    ),
  ]);
}

/** Each column's name on as many lines as it takes. */
function columnNames({ view, panel }: Layout): readonly (readonly string[])[] {
  const letters = Math.floor(panel / SIZE.letter);
  return view.columns.map(({ title }) => {
    const lines: string[] = [];
    for (const word of title.split(' ')) {
      const last = lines.at(-1);
      if (last === undefined || last.length + 1 + word.length > letters) lines.push(shortened(word, letters));
      else lines[lines.length - 1] = `${last} ${word}`;
    }
    return lines;
  });
}
