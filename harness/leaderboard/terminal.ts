/**
 * The closing table of a run: what was measured, on what, and what it means, within a terminal's width.
 */
import type { CellRecord, EngineIdentity, RunInformation, Verdict } from '../contracts.ts';
import type { Catalogue } from './catalogue.ts';
import { describeMeasure, formatMeasure, oneLine, VERDICT_SIGN } from './format.ts';
import { type Overview, type OverviewRow, overviews } from './overview.ts';
import { machineText, type Standing, standings } from './standings.ts';

/** What the head of the table says, and how wide and colourful it may be. */
export interface TerminalHead {
  readonly profile: string;
  readonly engine: EngineIdentity;
  readonly catalogue: Catalogue;
  /** Why this engine, in words. */
  readonly why?: string;
  readonly machine?: RunInformation['machine'];
  /** Wall-clock seconds of the run. */
  readonly seconds?: number;
  /** Where the records were written. */
  readonly results?: string;
  /** Columns of the terminal; 100 by default, at least 60. */
  readonly width?: number;
  /** Colours: true only for a terminal that shows them. */
  readonly colour?: boolean;
}

const GAP = '  ';
const COLOUR = { pass: 32, fail: 31, undecided: 33, muted: 2, strong: 1 } as const;

type Paint = (text: string, colour: keyof typeof COLOUR) => string;

/** The closing table, ending in a newline; plain text unless `colour`. */
export function renderTerminal(records: readonly CellRecord[], head: TerminalHead): string {
  const { profile, catalogue, width = 100, colour = false } = head;
  const paint: Paint = (text, name) => (colour ? `\u001b[${COLOUR[name]}m${text}\u001b[0m` : text);
  const columns = Math.max(60, width);
  const stored = records.map((record, i) => ({ path: String(i), profile, record, run: null }));
  const views = overviews(standings(stored, catalogue));
  const blocks = [
    headLines(records, head, paint, columns),
    ...views.map((view) => (view.subject === 'model' ? modelLines : methodLines)(view, paint, columns)),
    findings(views, columns),
    troubles(views, 'failed', columns),
    troubles(views, 'skipped', columns),
    head.results === undefined ? [] : [`Records: ${oneLine(head.results)}`],
  ];
  return `${blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}

function headLines(records: readonly CellRecord[], head: TerminalHead, paint: Paint, width: number): string[] {
  const { profile, engine, why, machine, seconds } = head;
  const count = (status: CellRecord['status']) => records.filter((record) => record.status === status).length;
  const cells = [
    `${records.length} ${records.length === 1 ? 'cell' : 'cells'}`,
    ...(['skipped', 'failed'] as const).flatMap((status) =>
      count(status) === 0 ? [] : [`${count(status)} ${status}`],
    ),
    ...(seconds === undefined ? [] : [`${seconds.toFixed(1)} s`]),
  ].join(', ');
  const title = `attribench · profile ${profile} · engine ${engine.name} ${engine.version} · ${cells}`;
  return [
    ...wrapped(title, width).map((line) => paint(line, 'strong')),
    ...[machine && machineText(machine), why].flatMap((line) => (line ? wrapped(line, width) : [])),
  ];
}

function viewHead(view: Overview, paint: Paint, width: number): string[] {
  const { check, criterion, primary, shared, trainings, images } = view;
  const facts = [
    ...(shared.label === '' ? [] : [shared.label]),
    ...(primary === null ? [] : [describeMeasure(primary)]),
    `${trainings.join(' or ')} trainings`,
    ...(images.length === 0 ? [] : [`${images.join(' or ')} test images`]),
  ].join('; ');
  return [
    paint(check.label, 'strong'),
    ...wrapped(facts, width),
    ...wrapped(criterion === null ? '' : `Criterion: ${criterion}`, width),
  ];
}

/** Methods down, settings across; settings that do not fit go into a further block below. */
function methodLines(view: Overview, paint: Paint, width: number): string[] {
  const names = view.rows.map((row) => row.label + mark(row));
  const label = Math.max(...names.map((name) => name.length));
  const columns = view.columns.map(({ name }, i) => {
    const cells = aligned(view.rows.map((row) => cellText(row.cells[i])));
    const head = name.label.split(' · ');
    return { head, cells, width: Math.max(...[...head, ...cells].map((text) => text.length)), index: i };
  });
  const headHeight = Math.max(...columns.map(({ head }) => head.length));
  const lines = viewHead(view, paint, width);
  for (let from = 0; from < columns.length; ) {
    let used = label;
    let to = from;
    for (; to < columns.length; to++) {
      const more = GAP.length + (columns[to]?.width ?? 0);
      if (to > from && used + more > width) break;
      used += more;
    }
    const block = columns.slice(from, to);
    for (let i = 0; i < headHeight; i++) {
      const cells = block.map((column) => (column.head[i] ?? '').padEnd(column.width));
      lines.push([''.padEnd(label), ...cells].join(GAP).trimEnd());
    }
    view.rows.forEach((row, at) => {
      const name = (names[at] ?? '').padEnd(label);
      const cells = block.map((column) => {
        const text = (column.cells[at] ?? '').padEnd(column.width);
        return colourOf(row.cells[column.index], text, paint);
      });
      lines.push([row.role === 'method' ? name : paint(name, 'muted'), ...cells].join(GAP).trimEnd());
    });
    from = to;
    if (from < columns.length) lines.push('');
  }
  return lines;
}

/** One line a setting; measures that do not fit stay in the records. */
function modelLines(view: Overview, paint: Paint, width: number): string[] {
  const lines = viewHead(view, paint, width);
  const label = Math.max(...view.columns.map(({ name }) => name.label.length));
  for (const { name, table } of view.columns) {
    for (const row of table.rows) {
      const figures = 'measures' in row ? row.measures : [];
      let line = `${name.label.padEnd(label)}${GAP}${cellText(row)}`;
      for (const measure of figures.filter((other) => !other.primary)) {
        const more = `${GAP}${measure.id} ${formatMeasure(measure)}`;
        if (line.length + more.length > width) break;
        line += more;
      }
      lines.push(colourOf(row, line, paint));
    }
  }
  return lines;
}

function mark({ role }: OverviewRow): string {
  return role === 'control' || role === 'oracle' ? ` (${role})` : '';
}

function cellText(row: Standing | undefined): string {
  if (row === undefined) return '';
  if (row.state === 'counted') return `${VERDICT_SIGN[row.verdict]} ${formatMeasure(row.primary)}`;
  return row.state === 'stale' ? `stale ${formatMeasure(row.primary)}` : row.state;
}

/** Estimates of a column under each other: `✓  0.0 [..]` below `✗ 44.3 [..]`. */
function aligned(cells: readonly string[]): readonly string[] {
  const figure = /^([✓✗?]) (\S+)/;
  const widest = Math.max(0, ...cells.map((cell) => figure.exec(cell)?.[2]?.length ?? 0));
  return cells.map((cell) =>
    cell.replace(figure, (_, sign: string, value: string) => `${sign} ${value.padStart(widest)}`),
  );
}

function colourOf(row: Standing | undefined, text: string, paint: Paint): string {
  if (row?.state === 'counted') return paint(text, row.verdict);
  return row?.state === 'failed' ? paint(text, 'fail') : text;
}

/** What the verdicts say, one sentence a check and setting; a check whose oracle fails says so first. */
function findings(views: readonly Overview[], width: number): string[] {
  const sentences = views.flatMap((view) =>
    view.columns.flatMap(({ name, table }) => {
      const where = `${view.check.label}, ${[view.shared.label, name.label].filter((part) => part !== '').join(' · ')}`;
      return sentencesOf(table.rows).map((sentence) => `${where}: ${sentence}`);
    }),
  );
  if (sentences.length === 0) return [];
  return ['Findings (✓ pass, ✗ fail, ? undecided)', ...sentences.flatMap((sentence) => listItem(sentence, width))];
}

function sentencesOf(rows: readonly Standing[]): string[] {
  const counted = rows.flatMap((row) => (row.state === 'counted' ? [row] : []));
  const of = (role: string, verdict: Verdict) =>
    counted.filter((row) => (row.role ?? 'model') === role && row.verdict === verdict).map((row) => row.label);
  const methods = counted.filter((row) => row.role === 'method').length;
  const failing = of('method', 'fail');
  const undecided = of('method', 'undecided');
  const excluded = Math.max(
    0,
    ...counted.map(({ record }) => (record.status === 'completed' ? record.excluded.length : 0)),
  );
  return [
    ...of('oracle', 'fail').map((label) => `even the oracle (${label}) fails: distrust this check`),
    ...(of('model', 'fail').length > 0 ? ['the model fails'] : []),
    ...share(failing, methods, 'fail'),
    ...share(undecided, methods, 'are undecided'),
    ...(excluded > 0 ? [`trainings left out by rule: up to ${excluded} a cell; the records say why`] : []),
    ...(methods > 0 && failing.length + undecided.length === 0 ? [`all ${methods} methods pass`] : []),
  ];
}

function share(labels: readonly string[], all: number, what: string): string[] {
  if (labels.length === 0) return [];
  return labels.length === all && all > 1
    ? [`all ${all} methods ${what}`]
    : [`${labels.length} of ${all} methods ${what}: ${labels.join(', ')}`];
}

/** Cells without figures, grouped by reason. */
function troubles(views: readonly Overview[], state: 'failed' | 'skipped', width: number): string[] {
  const reasons = new Map<string, string[]>();
  for (const { check, columns } of views) {
    for (const row of columns.flatMap(({ table }) => table.rows)) {
      if (row.state !== state) continue;
      const reason = row.state === 'failed' ? `in "${row.step}": ${row.why}` : row.why;
      const cell = `${check.label} of ${row.label}`;
      reasons.set(reason, [...(reasons.get(reason) ?? []), cell]);
    }
  }
  if (reasons.size === 0) return [];
  const total = [...reasons.values()].reduce((sum, cells) => sum + cells.length, 0);
  return [
    `${state === 'failed' ? 'Failed' : 'Skipped'} (${total})`,
    ...[...reasons].flatMap(([reason, cells]) => listItem(`${[...new Set(cells)].join(', ')}: ${reason}`, width)),
  ];
}

function listItem(text: string, width: number): string[] {
  return wrapped(text, width - 4).map((line, i) => (i === 0 ? `  - ${line}` : `    ${line}`));
}

/** Words on lines of at most `width`; a longer word has a line of its own. */
function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of oneLine(text).split(' ')) {
    const last = lines.at(-1);
    if (word === '') continue;
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}
