/**
 * results/README.md: the leaderboard as a page. Same records, same bytes.
 */
import type { Measure, Verdict } from '../contracts.ts';
import type { ClaimResult } from './claims.ts';
import { alternative } from './curve-plot/words.ts';
import { type CurveView, type CurveViewLine, curvesPath, curveViews, levelsOf } from './curves.ts';
import {
  describeMeasure,
  formatCount,
  formatMeasure,
  htmlText,
  linkTarget,
  listText,
  markdownText,
  unitSuffix,
  VERDICT_SIGN,
} from './format.ts';
import type { Overview, OverviewRow } from './overview.ts';
import { overviews } from './overview.ts';
import { hasPlot, plotPath } from './plot.ts';
import type { Standing, Table } from './standings.ts';

const LEGEND = [
  '✓ pass, ✗ fail, ? undecided: where the whole 95 % interval (in brackets, over trainings) lies against the criterion;',
  'a number without brackets has fewer than 3 valid trainings, one in parentheses is shown but not judged.',
  'A *control* knows nothing of the model, the *oracle* knows the answer: both are there to judge the check.',
].join(' ');

const RANK_NOTE = [
  'A rank is the set of ranks that the data allow: a method is ahead of another only where the paired t test over trainings,',
  'Holm-adjusted over all pairs of the table, separates them at the 5 % level',
  '(Mogstad, Romano, Shaikh and Wilhelm, *Inference for Ranks*, Review of Economic Studies 91, 2024).',
  'A name links to its record.',
].join(' ');

/** The page; links are relative to the results folder. */
export function renderMarkdown(tables: readonly Table[], claims: readonly ClaimResult[] = []): string {
  const views = overviews(tables);
  const methodViews = views.filter(({ subject }) => subject === 'method');
  // A profile's first check of methods leads the page.
  const leading = methodViews.filter((view, i) => view.profile !== methodViews[i - 1]?.profile);
  const blocks = [
    '# Leaderboard',
    'Made by `attribench leaderboard` from the record files in this folder: change those, not this page.',
    ...(tables.length === 0 ? ['There are no records yet.'] : ['## At a glance', ...leading.flatMap(glance), LEGEND]),
    ...(claims.length === 0 ? [] : ['## Claims', claimsTable(claims)]),
    ...views.flatMap((view) => section(view)),
    ...(tables.length === 0 ? [] : ['## How ranks are made', RANK_NOTE]),
  ];
  return `${blocks.join('\n\n')}\n`;
}

/** So many methods of a verdict are named at a glance, the best first. */
const NAMED = 8;

function glance(view: Overview): string[] {
  return [
    `**${markdownText(view.check.title)}**, profile ${markdownText(view.profile)}.${criterionText(view)}`,
    table(
      ['Trained on', 'Methods that pass', 'Methods that fail', 'Undecided', 'Controls that pass'],
      view.columns.map(({ name, table: { rows } }) => {
        const titles = (role: 'method' | 'control', verdict: Verdict) =>
          rows.filter((row) => row.state === 'counted' && row.role === role && row.verdict === verdict);
        const cell = (found: readonly Standing[]) => {
          const named = found.slice(0, NAMED).map((row) => markdownText(row.title));
          const more = found.length > NAMED ? [`and ${found.length - NAMED} more, in the table below`] : [];
          return found.length === 0 ? '–' : `**${found.length}**: ${[...named, ...more].join('; ')}`;
        };
        return [
          `**${markdownText(name.title)}**`,
          cell(titles('method', 'pass')),
          cell(titles('method', 'fail')),
          cell(titles('method', 'undecided')),
          cell(titles('control', 'pass')),
        ];
      }),
    ),
    plot(view),
  ].filter((block) => block !== '');
}

function plot(view: Overview): string {
  if (!hasPlot(view)) return '';
  const text = `${view.check.title} of each method, one panel a setting, with 95 % intervals`;
  return `![${markdownText(text)}](${linkTarget(plotPath(view))})`;
}

function claimsTable(claims: readonly ClaimResult[]): string {
  const sign = { reproduced: '✓', 'not reproduced': '✗', undecided: '?', 'not run': '–' } as const;
  return table(
    ['', 'Claim', 'Criterion', 'Measured'],
    claims.map(({ sentence, source, criterion, status, detail }) => [
      `${sign[status]} ${status}`,
      `${markdownText(sentence)} (${markdownText(source)})`,
      markdownText(criterion),
      markdownText(detail),
    ]),
  );
}

function section(view: Overview): string[] {
  const { primary, check, profile, columns } = view;
  const tables = columns.map((column) => column.table);
  return [
    `## ${markdownText(check.title)}, profile ${markdownText(profile)}`,
    [
      ...(primary === null ? [] : [`Shown: ${markdownText(describeMeasure(primary))}.${criterionText(view)}`]),
      ...(view.shared.title === '' ? [] : [`All on ${markdownText(view.shared.title)}.`]),
      provenance(view),
    ].join(' '),
    ...(view.subject === 'model'
      ? [modelTable(view)]
      : [...curveViews(tables).flatMap(curves), matrix(view), ...view.columns.map(details)]),
  ];
}

/** The picture of the curves, and the same figures in tables, folded. */
function curves(view: CurveView): string[] {
  const { columns, dataset, level, model, panels, series } = view;
  const title = [dataset, model].map((part) => part.title).join(' · ');
  return [
    `![${markdownText(alternative(view))}](${linkTarget(curvesPath(view))})`,
    `<details><summary>${htmlText(title)}: the curves in numbers</summary>`,
    ...panels.flatMap((panel) => {
      const levels = levelsOf(panel);
      const name = (line: CurveViewLine) =>
        [columns[line.column]?.title, series[line.series]?.title, panel.styles[line.style]].map((part) =>
          markdownText(part ?? ''),
        );
      return [
        `${markdownText(panel.title)}, by level (${markdownText(level)})`,
        table(
          ['Trained on', 'Method', 'Line', ...levels.map(String)],
          panel.lines.map((line) => [
            ...name(line),
            ...levels.map((at) => {
              const point = line.points.find((one) => one.level === at);
              return point === undefined ? '–' : formatMeasure(point.measure);
            }),
          ]),
        ),
      ];
    }),
    '</details>',
  ];
}

function criterionText({ criterion }: Overview): string {
  return criterion === null ? '' : ` Criterion: ${markdownText(criterion)}`;
}

function provenance(view: Overview): string {
  const engines = listText(view.engines.map(({ name, version }) => `${name} ${version}`));
  const trainings = listText(view.trainings.map(String));
  const images = view.images.length === 0 ? '' : `, ${listText(view.images.map(String))} test images`;
  const machines = view.hardware.length === 0 ? 'a machine not recorded' : listText(view.hardware);
  return markdownText(`Engine ${engines}; ${trainings} trainings${images}; on ${machines}.`);
}

/** Methods down, settings across. */
function matrix(view: Overview): string {
  return table(
    ['Method', ...view.columns.map(({ name }) => markdownText(name.title))],
    view.rows.map((row) => [nameCell(row), ...row.cells.map(matrixCell)]),
  );
}

function matrixCell(row: Standing | undefined): string {
  if (row === undefined) return '';
  switch (row.state) {
    case 'counted':
      return `${VERDICT_SIGN[row.verdict]} ${formatMeasure(row.primary)}`;
    case 'stale':
      return `*stale:* ${formatMeasure(row.primary)}`;
    default:
      return `*${row.state}*`;
  }
}

function nameCell({ title, role }: Pick<OverviewRow, 'title' | 'role'>): string {
  return role === 'control' || role === 'oracle' ? `${markdownText(title)} *(${role})*` : markdownText(title);
}

function linkedName(row: Standing): string {
  const link = `[${markdownText(row.title)}](${linkTarget(`${row.path}.json`)})`;
  return row.role === 'control' || row.role === 'oracle' ? `${link} *(${row.role})*` : link;
}

/** One setting's whole table, folded. */
function details({ table: { dataset, model, training, primary, further, rows } }: { readonly table: Table }): string {
  const shown = [...(primary === null ? [] : [primary]), ...further];
  const title = [dataset, model, training].map((part) => part.title).join(' · ');
  return [
    `<details><summary>${htmlText(title)}: ranks, further measures, records</summary>`,
    table(
      ['Rank', 'Method', 'Verdict', ...shown.map(measureHeading), 'Trainings'],
      rows.map((row) => [
        row.state === 'counted' ? ranksText(row.ranks) : '–',
        linkedName(row),
        verdictCell(row),
        ...measureCells(row, shown),
        'primary' in row ? formatCount(row.primary) : '–',
      ]),
    ),
    ...remarks(rows),
    '</details>',
  ].join('\n\n');
}

/** One row a setting, one column a measure. */
function modelTable(view: Overview): string {
  const rows = view.columns.flatMap(({ name, table: { rows } }) => rows.map((row) => ({ name, row })));
  const all = rows.flatMap(({ row }) => ('measures' in row ? row.measures : []));
  const measures = [...new Map(all.map((measure) => [measure.id, measure])).values()];
  const body = table(
    ['Trained on', 'Verdict', ...measures.map(measureHeading)],
    rows.map(({ name, row }) => [
      `[${markdownText(name.title)}](${linkTarget(`${row.path}.json`)})`,
      verdictCell(row),
      ...measureCells(row, measures),
    ]),
  );
  return [body, ...remarks(rows.map(({ name, row }) => ({ ...row, title: name.title })))].join('\n\n');
}

function measureHeading({ id, unit }: Measure): string {
  return markdownText(id + unitSuffix(unit));
}

function verdictCell(row: Standing): string {
  return row.state === 'counted' ? `${VERDICT_SIGN[row.verdict]} ${row.verdict}` : `*${row.state}*`;
}

/** A row's figures under the given headings; in parentheses where a measure has lost its direction in this row. */
function measureCells(row: Standing, headings: readonly Measure[]): string[] {
  return headings.map(({ id, better }) => {
    const found = 'measures' in row ? row.measures.find((measure) => measure.id === id) : undefined;
    if (found === undefined) return '–';
    return found.better === 'none' && better !== 'none' ? `(${formatMeasure(found)})` : formatMeasure(found);
  });
}

function ranksText(ranks: readonly [number, number] | null): string {
  if (ranks === null) return '–';
  return ranks[0] === ranks[1] ? String(ranks[0]) : `${ranks[0]}–${ranks[1]}`;
}

/** What a reader of the numbers must see: reasons, exclusions, notes; each once, with whom it concerns. */
function remarks(rows: readonly Standing[]): string[] {
  const concerned = new Map<string, string[]>();
  for (const row of rows) {
    for (const remark of remarksOf(row)) concerned.set(remark, [...(concerned.get(remark) ?? []), row.title]);
  }
  if (concerned.size === 0) return [];
  return [
    [...concerned]
      .map(([remark, titles]) => `- ${listText(titles.map(markdownText))}: ${markdownText(remark)}`)
      .join('\n'),
  ];
}

function remarksOf(row: Standing): string[] {
  if (row.state === 'failed') return [`failed in "${row.step}": ${row.why}`];
  if (row.state === 'skipped') return [`skipped: ${row.why}`];
  const { record } = row;
  if (record.status !== 'completed') return [];
  return [
    ...(row.state === 'stale' ? [`stale: ${row.why}`] : []),
    ...record.excluded.map(({ training, reason }) => `training ${training} is left out: ${reason}`),
    ...record.notes,
  ];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
