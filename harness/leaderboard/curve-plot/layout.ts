/** Where a picture of curves has its parts: lengths in pixels, and the axis that all its panels share. */
import { type CurveView, levelsOf } from '../curves.ts';
import { PAGE } from '../svg.ts';
import { provenance } from './words.ts';

/** All lengths in pixels. */
export const SIZE = {
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
export const ROOM = 0.05;

export interface Layout {
  readonly view: CurveView;
  readonly panel: number;
  readonly width: number;
  readonly levels: readonly number[];
  /** Left and right end of the axis, as square roots of levels. */
  readonly ends: readonly [number, number];
}

export function layoutOf(view: CurveView): Layout {
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
