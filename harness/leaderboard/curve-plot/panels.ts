/** One row of a picture of curves: a panel a column, with lines, bands and symbols on one scale. */
import * as Plot from '@observablehq/plot';
import {
  type CurveView,
  type CurveViewLine,
  type CurveViewPanel,
  levelsOf,
  measuresOf,
  type ReferenceValue,
} from '../curves.ts';
import { unitScale } from '../format.ts';
import { GRID, MUTED, roundedMarks } from '../svg.ts';
import { type Layout, ROOM, SIZE } from './layout.ts';
import { CHANCE_DASH, colourOf, DASHES, dashed, REFERENCE_DASH, symbolOf } from './style.ts';

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

export function panelsOf(layout: Layout, panel: CurveViewPanel): string {
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

function scaleOf(panel: CurveViewPanel): number {
  const [measure] = measuresOf(panel);
  return measure === undefined ? 1 : unitScale(measure.unit);
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
