/**
 * The leaderboard's picture: one panel a setting, one line a method, a dot with its interval.
 *
 * The panels come from Observable Plot, drawn into linkedom; title, legend and panel names are set
 * around them here.
 */
import * as Plot from '@observablehq/plot';
import type { Measure, Role, Verdict } from '../contracts.ts';
import { describeMeasure, listText, unitScale } from './format.ts';
import type { Overview, OverviewRow } from './overview.ts';
import { GRID, INK, MUTED, marksOf, PAGE, shortened, svgFile, textAt } from './svg.ts';

/** Told apart without telling red from green (Okabe and Ito's palette, darkened where it is too light). */
const COLOUR: { readonly [V in Verdict]: string } = { pass: '#00805d', fail: '#d55e00', undecided: '#9a7b00' };

/** All lengths in pixels. */
const SIZE = {
  ...PAGE,
  panel: { least: 130, most: 280 },
  row: 24,
  axis: 30,
  header: 98,
  footer: 30,
} as const;

interface Dot {
  readonly method: string;
  readonly column: number;
  readonly estimate: number;
  readonly low: number;
  readonly high: number;
  readonly verdict: Verdict;
  readonly role: Role;
}

interface Picture {
  readonly view: Overview;
  readonly primary: Measure;
  readonly rows: readonly OverviewRow[];
  readonly dots: readonly Dot[];
  /** Pixels left of the first panel, of one panel, and of the whole. */
  readonly left: number;
  readonly panel: number;
  readonly width: number;
}

/** Where an overview's picture goes, under the results folder. */
export function plotPath({ profile, check }: Pick<Overview, 'profile' | 'check'>): string {
  return `${profile}/${check.label.replaceAll('/', '~')}.svg`;
}

/** Whether there is anything to draw: figures of methods. */
export function hasPlot(view: Overview): boolean {
  return view.subject === 'method' && dotsOf(view).length > 0;
}

/** The picture as an SVG file; undefined where there is nothing to draw. */
export function renderPlot(view: Overview): string | undefined {
  const dots = dotsOf(view);
  const { primary, columns } = view;
  if (primary === null || !hasPlot(view)) return undefined;
  const rows = view.rows.filter(({ label }) => dots.some((dot) => dot.method === label));
  const longest = Math.max(...rows.map(({ title }) => title.length));
  const left = SIZE.margin + Math.ceil(SIZE.letter * longest) + 12;
  const room = (SIZE.width - left - SIZE.margin) / columns.length;
  const panel = Math.round(Math.min(SIZE.panel.most, Math.max(SIZE.panel.least, room)));
  const texts = Math.max(
    SIZE.heading * headline(view).length,
    SIZE.letter * describeMeasure(primary).length,
    SIZE.small * provenance(view).length,
  );
  const width = Math.max(left + panel * columns.length + SIZE.margin, Math.ceil(texts) + 2 * SIZE.margin);
  return draw({ view, primary, rows, dots, left, panel, width });
}

/** Estimates and intervals as shown: percentages where the unit is a share. */
function dotsOf(view: Overview): readonly Dot[] {
  return view.rows.flatMap(({ label, cells }) =>
    cells.flatMap((cell, column) => {
      if (cell?.state !== 'counted' || cell.primary.estimate === null) return [];
      const scale = unitScale(cell.primary.unit);
      const { estimate, interval } = cell.primary;
      const [low, high] = interval ?? [estimate, estimate];
      return [
        {
          method: label,
          column,
          estimate: scale * estimate,
          low: scale * low,
          high: scale * high,
          verdict: cell.verdict,
          role: cell.role ?? 'method',
        },
      ];
    }),
  );
}

function draw(picture: Picture): string {
  const { view, primary, rows, left, panel, width } = picture;
  const names = view.columns.map(({ name }) => name.title.split(' · '));
  const nameLines = Math.max(...names.map((lines) => lines.length));
  const top = SIZE.header + nameLines * SIZE.line;
  const body = SIZE.row * rows.length + SIZE.axis;
  const height = top + body + SIZE.footer;
  const fits = Math.floor(panel / SIZE.letter) - 1;
  const panelNames = names.flatMap((lines, column) =>
    lines.map((line, i) => {
      const y = top - 8 - (lines.length - 1 - i) * SIZE.line;
      return textAt(left + panel * (column + 0.5), y, shortened(line, fits), 'text-anchor="middle" font-weight="600"');
    }),
  );
  return svgFile({ width, height }, `${headline(view)}, profile ${view.profile}`, null, [
    textAt(SIZE.margin, 32, headline(view), 'font-size="18" font-weight="600"'),
    textAt(SIZE.margin, 54, describeMeasure(primary), `fill="${MUTED}"`),
    legend(picture, 78),
    ...panelNames,
    `<g transform="translate(0 ${top})" text-anchor="middle">${panels(picture, body)}</g>`,
    textAt(SIZE.margin, height - 12, provenance(view), `fill="${MUTED}" font-size="11"`),
  ]);
}

function panels({ view, primary, rows, dots, left, panel, width }: Picture, height: number): string {
  const scale = unitScale(primary.unit);
  const chance = primary.chance === null ? [] : [scale * primary.chance];
  const ideal = primary.ideal === null ? [] : [scale * primary.ideal];
  const colour = ({ verdict }: Dot) => COLOUR[verdict];
  const names = (role: Role, style: { readonly fill: string; readonly fontStyle?: string }) =>
    Plot.text(
      rows.filter((row) => (row.role ?? 'method') === role),
      { fx: () => 0, y: 'label', text: 'title', frameAnchor: 'left', textAnchor: 'end', dx: -10, ...style },
    );
  return marksOf({
    width,
    height,
    marginLeft: left,
    marginRight: width - left - panel * view.columns.length,
    marginTop: 0,
    marginBottom: SIZE.axis,
    fx: { domain: view.columns.map((_, column) => column), axis: null, paddingOuter: 0, paddingInner: 0.08 },
    y: { domain: rows.map(({ label }) => label), axis: null, padding: 0.5 },
    x: { domain: domain(dots, [...chance, ...ideal]) },
    symbol: { domain: ['method', 'control', 'oracle'], range: ['circle', 'circle', 'diamond'] },
    marks: [
      Plot.gridX({ stroke: GRID, strokeOpacity: 1, tickSpacing: 50 }),
      Plot.ruleY(rows, { y: 'label', stroke: GRID }),
      Plot.axisX({ tickSpacing: 50, tickSize: 0, label: null, fill: MUTED, fontSize: 11 }),
      Plot.ruleX(chance, { stroke: MUTED, strokeDasharray: '4,3', strokeWidth: 1.2 }),
      names('method', { fill: INK }),
      names('control', { fill: MUTED, fontStyle: 'italic' }),
      names('oracle', { fill: MUTED, fontStyle: 'italic' }),
      Plot.link(dots, {
        fx: 'column',
        y: 'method',
        x1: 'low',
        x2: 'high',
        stroke: colour,
        strokeWidth: 3,
        strokeLinecap: 'round',
        strokeOpacity: 0.5,
      }),
      Plot.dot(dots, {
        fx: 'column',
        y: 'method',
        x: 'estimate',
        r: 4.5,
        symbol: 'role',
        fill: (dot: Dot) => (dot.role === 'method' ? COLOUR[dot.verdict] : '#ffffff'),
        stroke: colour,
        strokeWidth: 1.8,
      }),
    ],
  });
}

/** All values with a little room on both sides, so that no dot is cut. */
function domain(dots: readonly Dot[], references: readonly number[]): [number, number] {
  const values = [...references, ...dots.flatMap(({ low, high }) => [low, high])];
  const low = Math.min(...values);
  const high = Math.max(...values);
  const room = 0.05 * (high - low || 1);
  return [low - room, high + room];
}

/** What the colours and shapes mean; only what the picture holds. */
function legend({ dots, primary }: Picture, y: number): string {
  const has = (test: (dot: Dot) => boolean) => dots.some(test);
  const circle = (fill: string, stroke: string) => (x: number) =>
    `<circle cx="${x + 5}" cy="${y - 4}" r="4.5" fill="${fill}" stroke="${stroke}" stroke-width="1.8"/>`;
  const diamond = (x: number) =>
    `<path d="M${x + 5} ${y - 10}l4 6l-4 6l-4 -6z" fill="#ffffff" stroke="${MUTED}" stroke-width="1.8"/>`;
  const dashes = (x: number) =>
    `<path d="M${x + 5} ${y - 11}v14" stroke="${MUTED}" stroke-width="1.2" stroke-dasharray="4,3"/>`;
  const entries = [
    ...(['pass', 'fail', 'undecided'] as const)
      .filter((verdict) => has((dot) => dot.verdict === verdict))
      .map((verdict) => ({ name: verdict, mark: circle(COLOUR[verdict], COLOUR[verdict]) })),
    ...(has(({ role }) => role === 'control') ? [{ name: 'control', mark: circle('#ffffff', MUTED) }] : []),
    ...(has(({ role }) => role === 'oracle') ? [{ name: 'oracle', mark: diamond }] : []),
    ...(primary.chance === null ? [] : [{ name: 'chance', mark: dashes }]),
  ];
  let x: number = SIZE.margin;
  const drawn = entries.map(({ name, mark }) => {
    const entry = mark(x) + textAt(x + 16, y, name, `fill="${MUTED}" font-size="12"`);
    x += 16 + SIZE.letter * name.length + 18;
    return entry;
  });
  return drawn.join('');
}

function headline({ check, shared }: Overview): string {
  return shared.title === '' ? check.title : `${check.title} (${shared.title})`;
}

function provenance({ profile, engines, trainings, images }: Overview): string {
  const engine = listText(engines.map(({ name, version }) => `${name} ${version}`));
  const many = images.length === 0 ? '' : `, ${listText(images.map(String))} test images`;
  return `Dots: means over ${listText(trainings.map(String))} trainings; bars: 95 % intervals of the mean. Profile ${profile}, engine ${engine}${many}.`;
}
