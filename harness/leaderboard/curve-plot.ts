/**
 * A picture of curves: a row of panels each kind of figure, a column a training, a line a method, a band its interval.
 *
 * Lines are straight between the levels that were run. A training's column shows methods, the last one the
 * controls. Panels whose figures can be compared (the same unit and chance) have one scale.
 */
import * as Plot from '@observablehq/plot';
import { type CurveView, type CurveViewLine, type CurveViewPanel, levelsOf, type ReferenceValue } from './curves.ts';
import { formatMeasure, listText, unitSuffix } from './format.ts';
import { GRID, INK, MUTED, PAGE, roundedMarks, shortened, svgFile, textAt } from './svg.ts';

/** At least 3 to 1 against white, and apart for every kind of colour vision; series differ by shape as well. */
export const COLOURS = ['#0063a5', '#d55e00', '#00966c', '#1f2933', '#b23ce0', '#6b2a10', '#948f94'] as const;
const SYMBOLS = ['circle', 'square', 'triangle', 'diamond', 'star', 'wye', 'cross', 'hexagon'] as const;
/** Of a panel's first, second and third line. */
const DASHES = [undefined, '5,3', '1.5,3'] as const;
const REFERENCE_DASH = '1,3';
const CHANCE_DASH = '4,3';

/** All lengths in pixels. */
const SIZE = {
  ...PAGE,
  left: 50,
  panel: { least: 150, most: 415 },
  between: 14,
  plot: 138,
  axis: 20,
  /** Above a row of panels: its title. */
  title: 24,
  /** Below the headings, where the legend starts. */
  legendTop: 64,
  /** Of the legend: a line's height, a key's width. */
  legend: 20,
  key: 26,
  /** Where the legend's keys start, right of the names of their groups. */
  keys: 84,
  footer: 66,
  symbol: 3.2,
  /** Between lines that stand side by side at a lone level. */
  apart: 6,
} as const;

/** The share of an axis that stays free at either end. */
const ROOM = 0.05;

interface Layout {
  readonly view: CurveView;
  readonly panel: number;
  readonly width: number;
  readonly levels: readonly number[];
  /** Left and right end of the axis, as square roots of levels. */
  readonly ends: readonly [number, number];
}

/** A point as drawn: in the unit shown. */
interface Dot {
  readonly line: CurveViewLine;
  readonly x: number;
  readonly estimate: number;
  /** Not a number where there is no interval. */
  readonly low: number;
  readonly high: number;
  /** Whether no band reaches it, so that its interval needs a bar of its own. */
  readonly alone: boolean;
}

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

/** What the picture shows, for those who do not see it. */
export function alternative(view: CurveView): string {
  const { columns, panels, series } = view;
  const list = (name: string, titles: readonly string[]) =>
    titles.length === 0 ? [] : [` ${name}: ${titles.join('; ')}.`];
  const of = (isMethod: boolean) => series.filter((one) => one.isMethod === isMethod).map(({ title }) => title);
  return [
    `${headline(view)}: curves against the level (${view.level}), with 95 % intervals where there are enough trainings.`,
    ...list(
      'Columns',
      columns.map(({ title }) => title),
    ),
    ...list(
      'Rows',
      panels.map(({ title }) => title),
    ),
    ...list('Methods', of(true)),
    ...list('Controls', of(false)),
  ].join('');
}

/** The same with all figures. */
function inWords(view: CurveView): string {
  const figures = view.panels.flatMap((panel) => [
    ` ${panel.title}.`,
    ...panel.lines.map((line) => {
      const values = line.points.map(({ level, measure }) => `${formatMeasure(measure)} at ${level}`);
      const names = [view.columns[line.column]?.title, view.series[line.series]?.title, panel.styles[line.style]];
      return ` ${names.join(', ')}: ${values.join('; ')}.`;
    }),
  ]);
  return alternative(view) + figures.join('');
}

function layoutOf(view: CurveView): Layout {
  const count = view.columns.length;
  const room = (SIZE.width - SIZE.left - SIZE.margin + SIZE.between) / count - SIZE.between;
  const panel = Math.floor(Math.min(SIZE.panel.most, Math.max(SIZE.panel.least, room)));
  const needed = SIZE.left + count * (panel + SIZE.between) - SIZE.between + SIZE.margin;
  const width = Math.max(
    needed,
    ...provenance(view).map((line) => Math.ceil(SIZE.small * line.length) + 2 * SIZE.margin),
  );
  const levels = levelsOf(...view.panels);
  const [low, high] = [Math.sqrt(levels[0] ?? 0), Math.sqrt(levels.at(-1) ?? 0)];
  const free = ROOM * (high - low) || low / 2 || 1;
  return { view, panel, width, levels, ends: [Math.max(0, low - free), high + free] };
}

function panelsOf(layout: Layout, panel: CurveViewPanel): string {
  const { view, width, ends } = layout;
  const count = view.columns.length;
  const dots = dotsOf(layout, panel);
  const [measure] = measuresOf(panel);
  const scale = scaleOf(panel);
  const chance = measure?.chance ?? null;
  const colour = ({ line }: Dot) => colourOf(line.series);
  const key = ({ line: { column, series, style } }: Dot) => `${column} ${series} ${style}`;
  const at = { fx: ({ line }: Dot) => line.column, x: 'x' };
  const styled = (style: number) => dots.filter(({ line }) => line.style === style);
  return roundedMarks({
    width,
    height: SIZE.plot + SIZE.axis,
    marginTop: 2,
    marginBottom: SIZE.axis,
    marginLeft: SIZE.left,
    marginRight: width - SIZE.left - count * (layout.panel + SIZE.between) + SIZE.between,
    fx: {
      domain: view.columns.map((_, column) => column),
      axis: null,
      round: false,
      paddingOuter: 0,
      paddingInner: SIZE.between / (layout.panel + SIZE.between),
    },
    x: { type: 'sqrt', domain: ends.map((end) => end ** 2) },
    y: { domain: domainOf(view, panel) },
    symbol: { domain: view.series.map((_, i) => i), range: view.series.map((_, i) => symbolOf(i)) },
    marks: [
      Plot.gridY({ ticks: 5, stroke: GRID, strokeOpacity: 1 }),
      Plot.gridX({ ticks: [...layout.levels], stroke: GRID, strokeOpacity: 1 }),
      Plot.axisY({ ticks: 5, tickSize: 0, label: null, fill: MUTED, fontSize: 11 }),
      Plot.axisX({
        ticks: [...shownTicks(layout)],
        tickFormat: String,
        tickSize: 0,
        label: null,
        fill: MUTED,
        fontSize: 11,
      }),
      Plot.ruleY(chance === null ? [] : [scale * chance], { stroke: MUTED, strokeDasharray: CHANCE_DASH }),
      Plot.ruleY(panel.reference?.values ?? [], {
        fx: 'column',
        y: (value: ReferenceValue) => scale * value.measure.estimate,
        stroke: MUTED,
        strokeDasharray: REFERENCE_DASH,
        strokeWidth: 1.5,
      }),
      Plot.areaY(dots, { ...at, y1: 'low', y2: 'high', z: key, fill: colour, fillOpacity: 0.2 }),
      ...panel.styles.map((_, style) =>
        Plot.lineY(styled(style), {
          ...at,
          y: 'estimate',
          z: key,
          stroke: colour,
          strokeWidth: 1.8,
          ...dashed(DASHES[style]),
        }),
      ),
      Plot.ruleX(
        dots.filter(({ alone }) => alone),
        { ...at, y1: 'low', y2: 'high', stroke: colour, strokeWidth: 2, strokeOpacity: 0.5 },
      ),
      Plot.dot(dots, {
        ...at,
        y: 'estimate',
        r: SIZE.symbol,
        symbol: ({ line }: Dot) => line.series,
        fill: (dot: Dot) => (dot.line.style === 0 ? colour(dot) : '#ffffff'),
        stroke: colour,
        strokeWidth: 1.4,
      }),
    ],
  });
}

/** The panel's points; where it has one level only, a column's series stand side by side. */
function dotsOf(layout: Layout, panel: CurveViewPanel): readonly Dot[] {
  const scale = scaleOf(panel);
  const isLone = levelsOf(panel).length === 1;
  return panel.lines.flatMap((line) => {
    const has = (i: number) => (line.points[i]?.measure.interval ?? null) !== null;
    return line.points.map(({ level, measure: { estimate, interval } }, i) => ({
      line,
      x: isLone ? sideBySide(layout, panel, line, level) : level,
      estimate: scale * estimate,
      low: scale * (interval?.[0] ?? Number.NaN),
      high: scale * (interval?.[1] ?? Number.NaN),
      alone: has(i) && !has(i - 1) && !has(i + 1),
    }));
  });
}

/** The level, moved by a few pixels to the line's place among its column's series, within the panel. */
function sideBySide(layout: Layout, panel: CurveViewPanel, line: CurveViewLine, level: number): number {
  const [low, high] = layout.ends;
  const beside = [...new Set(panel.lines.flatMap((one) => (one.column === line.column ? [one.series] : [])))];
  const step = (SIZE.apart * (high - low)) / layout.panel;
  const half = ((beside.length - 1) / 2) * step;
  const centre = Math.min(Math.max(Math.sqrt(level), low + half + step), high - half - step);
  return (centre + beside.indexOf(line.series) * step - half) ** 2;
}

/** One range of all panels with the same unit and chance as this one: estimates, intervals, chance, references. */
function domainOf(view: CurveView, panel: CurveViewPanel): [number, number] {
  const [own] = measuresOf(panel);
  const isAlike = (other: CurveViewPanel) => {
    const [measure] = measuresOf(other);
    return measure?.unit === own?.unit && measure?.chance === own?.chance;
  };
  const values = view.panels
    .filter(isAlike)
    .flatMap((other) =>
      measuresOf(other).flatMap(({ estimate, interval, chance }) => [
        estimate,
        ...(interval ?? []),
        ...(chance === null ? [] : [chance]),
      ]),
    );
  const scale = scaleOf(panel);
  const [low, high] = [scale * Math.min(...values), scale * Math.max(...values)];
  const room = ROOM * (high - low || 1);
  return [low - room, high + room];
}

/** Of the lines first, then of the reference. */
function measuresOf({ lines, reference }: CurveViewPanel) {
  const drawn = [...lines.flatMap(({ points }) => points), ...(reference?.values ?? [])];
  return drawn.map(({ measure }) => measure);
}

function scaleOf(panel: CurveViewPanel): number {
  const [measure] = measuresOf(panel);
  return measure === undefined || unitSuffix(measure.unit) === '' ? 1 : 100;
}

/** From the left, each level whose number does not touch the one before. */
function shownTicks({ levels, ends: [low, high], panel }: Layout): readonly number[] {
  let free = Number.NEGATIVE_INFINITY;
  return levels.filter((level) => {
    const centre = (panel * (Math.sqrt(level) - low)) / (high - low);
    const half = (SIZE.small * String(level).length) / 2 + 2;
    if (centre - half < free) return false;
    free = centre + half;
    return true;
  });
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

interface Key {
  readonly name: string;
  /** null: a kind of line, which is drawn without a symbol. */
  readonly series: number | null;
  readonly dash: string | undefined;
}

type Entry = Key & { readonly x: number; readonly y: number };

/** Methods, controls, and what the kinds of lines mean, each from a new line on. */
function legendOf({ view, width }: Layout): { readonly markup: string; readonly height: number } {
  const groups = [
    { title: 'Methods', keys: seriesKeys(view, true) },
    { title: 'Controls', keys: seriesKeys(view, false) },
    { title: 'Lines', keys: lineKeys(view) },
  ].filter(({ keys }) => keys.length > 0);
  const entries: Entry[] = [];
  const titles: string[] = [];
  let y = 0;
  for (const { title, keys } of groups) {
    titles.push(textAt(SIZE.margin, y + SIZE.legend / 2 + 4, title, `fill="${MUTED}" font-size="12"`));
    let x: number = SIZE.keys;
    for (const key of keys) {
      const wide = SIZE.key + 6 + SIZE.letter * key.name.length + 14;
      if (x > SIZE.keys && x + wide > width - SIZE.margin) {
        x = SIZE.keys;
        y += SIZE.legend;
      }
      entries.push({ ...key, x, y: y + SIZE.legend / 2 });
      x += wide;
    }
    y += SIZE.legend;
  }
  return { markup: titles.join('') + drawLegend(entries, view, { width, height: y }), height: y };
}

function seriesKeys({ series }: CurveView, isMethod: boolean): readonly Key[] {
  return series.flatMap((one, i) =>
    one.isMethod === isMethod ? [{ name: one.title, series: i, dash: undefined }] : [],
  );
}

function lineKeys({ panels }: CurveView): readonly Key[] {
  const [styles = []] = panels.map((panel) => panel.styles).sort((a, b) => b.length - a.length);
  const reference = panels.find((panel) => panel.reference !== null)?.reference?.name;
  const hasChance = panels.some((panel) => measuresOf(panel).some(({ chance }) => chance !== null));
  const key = (name: string, dash: string | undefined): Key => ({ name, series: null, dash });
  return [
    ...(styles.length < 2 ? [] : styles.map((name, style) => key(name, DASHES[style]))),
    ...(reference === undefined ? [] : [key(reference, REFERENCE_DASH)]),
    ...(hasChance ? [key('chance', CHANCE_DASH)] : []),
  ];
}

function drawLegend(entries: readonly Entry[], view: CurveView, size: { width: number; height: number }): string {
  const colour = (entry: Entry) => (entry.series === null ? MUTED : colourOf(entry.series));
  const end = { x1: 'x', x2: ({ x }: Entry) => x + SIZE.key, y: 'y', stroke: colour, strokeWidth: 1.8 };
  return roundedMarks({
    ...size,
    margin: 0,
    x: { type: 'identity', axis: null },
    y: { type: 'identity', axis: null },
    symbol: { domain: view.series.map((_, i) => i), range: view.series.map((_, i) => symbolOf(i)) },
    marks: [
      ...entries.map((entry) => Plot.link([entry], { ...end, ...dashed(entry.dash) })),
      Plot.dot(
        entries.filter(({ series }) => series !== null),
        {
          x: ({ x }: Entry) => x + SIZE.key / 2,
          y: 'y',
          r: SIZE.symbol + 0.6,
          symbol: 'series',
          fill: colour,
          stroke: colour,
        },
      ),
      Plot.text(entries, {
        x: ({ x }: Entry) => x + SIZE.key + 6,
        y: 'y',
        text: 'name',
        textAnchor: 'start',
        fill: INK,
        fontSize: 12,
      }),
    ],
  });
}

function dashed(dash: string | undefined): { readonly strokeDasharray?: string } {
  return dash === undefined ? {} : { strokeDasharray: dash };
}

function colourOf(series: number): string {
  return COLOURS[series % COLOURS.length] ?? INK;
}

/** Seven colours and eight shapes: 56 series before two share both. */
function symbolOf(series: number): (typeof SYMBOLS)[number] {
  return SYMBOLS[series % SYMBOLS.length] ?? 'circle';
}

function headline({ check, dataset, model }: CurveView): string {
  return `${check.title} · ${dataset.title} · ${model.title}`;
}

/** Two lines: what is drawn, and of which run. */
function provenance({ profile, engines, trainings, images, panels }: CurveView): readonly string[] {
  const hasBands = panels.some((panel) => measuresOf(panel).some(({ interval }) => interval !== null));
  const counts = `${listText(trainings.map(String))} ${trainings.at(-1) === 1 ? 'training' : 'trainings'}`;
  const many = images.length === 0 ? '' : `, ${listText(images.map(String))} test images`;
  return [
    `Means over ${counts}; ${hasBands ? 'bands: 95 % intervals of the mean' : 'too few for intervals'}.`,
    `Profile ${profile}, engine ${listText(engines)}${many}.`,
  ];
}
