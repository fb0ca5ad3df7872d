/**
 * A check's measures along a level: one view a (profile, check, data set, model), which picture and tables share.
 *
 * Which measures lie along a level is the check's own word (`Check.curves`); levels, figures and intervals are
 * read from the records. One column a training; the methods that do not look at the network share one more.
 */
import type { CurvePanel, Curves, Measure } from '../contracts.ts';
import type { Named } from './catalogue.ts';
import { overviews } from './overview.ts';
import { compareText, type Standing, type Table } from './standings.ts';

export interface CurveView {
  readonly profile: string;
  readonly check: Named;
  readonly dataset: Named;
  readonly model: Named;
  readonly level: string;
  /** The trainings in the profile's order, then the controls. */
  readonly columns: readonly Named[];
  /** Methods, then controls and oracles, each by id: so a colour does not change with the figures. */
  readonly series: readonly CurveSeries[];
  /** Only those that the records have measures for. */
  readonly panels: readonly CurveViewPanel[];
  readonly trainings: readonly number[];
  readonly images: readonly number[];
  readonly engines: readonly string[];
}

interface CurveSeries extends Named {
  readonly isMethod: boolean;
}

export interface CurveViewPanel {
  readonly title: string;
  /** What tells a series' lines apart: by `CurveViewLine.style`. */
  readonly styles: readonly string[];
  /** In order of column, series and style. */
  readonly lines: readonly CurveViewLine[];
  readonly reference: { readonly name: string; readonly values: readonly ReferenceValue[] } | null;
}

/** One line of a panel: indices into the view's columns and series and the panel's styles. */
export interface CurveViewLine {
  readonly column: number;
  readonly series: number;
  readonly style: number;
  /** At least one, by ascending level. */
  readonly points: readonly CurvePoint[];
}

interface CurvePoint {
  readonly level: number;
  readonly measure: Estimated;
}

export interface ReferenceValue {
  readonly column: number;
  readonly measure: Estimated;
}

type Estimated = Measure & { readonly estimate: number };
type Counted = Extract<Standing, { state: 'counted' }>;

/** All views that some tables give, in their order. */
export function curveViews(tables: readonly Table[]): readonly CurveView[] {
  const groups = new Map<string, Table[]>();
  for (const table of tables) {
    const key = JSON.stringify([table.profile, table.check.label, table.dataset.label, table.model.label]);
    groups.set(key, [...(groups.get(key) ?? []), table]);
  }
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined || first.curves === null) return [];
    const view = makeView(first, group, first.curves);
    return view === undefined ? [] : [view];
  });
}

/** Where a view's picture goes, under the results folder: beside the folders of its records. */
export function curvesPath({ profile, check, dataset, model }: CurveView): string {
  const folders = [check, dataset, model].map(({ label }) => label.replaceAll('/', '~'));
  return `${[profile, ...folders].join('/')}.svg`;
}

/** The levels of some panels, each once, ascending. */
export function levelsOf(...panels: readonly Pick<CurveViewPanel, 'lines'>[]): readonly number[] {
  const points = panels.flatMap(({ lines }) => lines.flatMap((line) => line.points));
  return [...new Set(points.map(({ level }) => level))].sort((a, b) => a - b);
}

function makeView(first: Table, tables: readonly Table[], curves: Curves): CurveView | undefined {
  const columns = columnsOf(tables, curves);
  const rows = columns.flatMap((column) => column.rows);
  const series = [...new Map(rows.map((row) => [row.label, row])).values()]
    .map(({ label, title, role }) => ({ label, title, isMethod: role === 'method' }))
    .sort((a, b) => Number(b.isMethod) - Number(a.isMethod) || compareText(a.label, b.label));
  const panels = curves.panels.flatMap((panel) => {
    const lines = columns.flatMap(({ rows }, column) =>
      series.flatMap(({ label }, s) => {
        const measures = rows.find((row) => row.label === label)?.measures ?? [];
        return panel.lines.flatMap((line, style) => {
          const points = alongLevel(measures, line.measures);
          return points.length === 0 ? [] : [{ column, series: s, style, points }];
        });
      }),
    );
    if (lines.length === 0) return [];
    const styles = panel.lines.map(({ name }) => name);
    return [{ title: panel.title, styles, lines, reference: referenceOf(columns, panel) }];
  });
  if (panels.length === 0) return undefined;
  return {
    ...{ profile: first.profile, check: first.check, dataset: first.dataset, model: first.model, level: curves.level },
    columns: columns.map(({ name }) => name),
    series,
    panels,
    trainings: distinct(tables.map(({ trainings }) => trainings)),
    images: imagesOf(panels),
    engines: distinct(tables.map(({ engine }) => `${engine.name} ${engine.version}`)),
  };
}

/** Numbers of test images behind what is drawn, ascending. */
function imagesOf(panels: readonly CurveViewPanel[]): readonly number[] {
  const points = panels.flatMap(({ lines }) => lines.flatMap((line) => line.points));
  return distinct(points.map(({ measure }) => measure.n.images)).toSorted((a, b) => a - b);
}

interface Column {
  readonly name: Named;
  readonly rows: readonly Counted[];
}

/**
 * One column a table that has methods, and one of the controls beside the first training that has any: most of
 * them see the images alone and score the same beside every training; the tables hold all.
 */
function columnsOf(tables: readonly Table[], curves: Curves): readonly Column[] {
  const [view] = overviews(tables);
  const found = (view?.columns ?? []).map(({ name, table }) => {
    const rows = table.rows.filter((row) => row.state === 'counted').filter((row) => isDrawn(row, curves));
    return { name: tables.length === 1 ? table.training : name, rows };
  });
  const of = ({ name, rows }: Column, isMethod: boolean) => ({
    name,
    rows: rows.filter(({ role }) => (role === 'method') === isMethod),
  });
  const methods = found.map((column) => of(column, true)).filter(({ rows }) => rows.length > 0);
  const [controls] = found.map((column) => of(column, false)).filter(({ rows }) => rows.length > 0);
  if (controls === undefined) return methods;
  const { label, title } = controls.name;
  const name = { label: `controls · ${label}`, title: tables.length === 1 ? 'Controls' : `Controls, beside ${title}` };
  return [...methods, { ...controls, name }];
}

function isDrawn({ measures }: Counted, { panels }: Curves): boolean {
  return panels.some(({ lines }) => lines.some((line) => alongLevel(measures, line.measures).length > 0));
}

/** Measures with an estimate whose id is the pattern with a number for its `*`, by ascending level. */
function alongLevel(measures: readonly Measure[], pattern: string): readonly CurvePoint[] {
  const [before = '', after = ''] = pattern.split('*');
  return measures
    .flatMap((measure) => {
      const { id } = measure;
      if (id.length <= before.length + after.length || !id.startsWith(before) || !id.endsWith(after)) return [];
      const level = id.slice(before.length, id.length - after.length);
      return /^\d+(\.\d+)?$/.test(level) && hasEstimate(measure) ? [{ level: Number(level), measure }] : [];
    })
    .sort((a, b) => a.level - b.level);
}

/** All measures that a panel shows: of the lines first, then of the reference. */
export function measuresOf({ lines, reference }: CurveViewPanel) {
  const drawn = [...lines.flatMap(({ points }) => points), ...(reference?.values ?? [])];
  return drawn.map(({ measure }) => measure);
}

/** The measure as each column's first row has it: what has no level depends on no map. */
function referenceOf(columns: readonly Column[], { reference }: CurvePanel): CurveViewPanel['reference'] {
  if (reference === undefined) return null;
  const values = columns.flatMap(({ rows }, column) => {
    const all = rows.flatMap(({ measures }) => measures.filter(({ id }) => id === reference.measure));
    const measure = all.find(hasEstimate);
    return measure === undefined ? [] : [{ column, measure }];
  });
  return values.length === 0 ? null : { name: reference.name, values };
}

function hasEstimate(measure: Measure): measure is Estimated {
  return measure.estimate !== null;
}

function distinct<T>(values: readonly T[]): readonly T[] {
  return [...new Set(values)];
}
