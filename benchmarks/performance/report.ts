/** The performance report in Markdown: a pure function of the parts' JSON files. */
import type { Environment } from '../../harness/results/run-information.ts';
import type { Clock } from './contest/contestant.ts';
import { goalsTable } from './goals.ts';
import type { Part } from './part.ts';

/** One part's JSON file. */
export interface PartReport extends Environment {
  readonly schema: 2;
  readonly part: string;
  readonly command: string;
  readonly finished: string;
  readonly minutes: number;
  /** Rounds at most; each number says its own n. */
  readonly rounds: number;
  readonly clock: Clock;
  /** One sentence on each thing that could not be measured. */
  readonly problems: readonly string[];
  /** Why the part ended early; null where it is whole. */
  readonly failed: string | null;
  readonly rows: readonly unknown[];
}

/** The goals, what is missing, and the parts in their order. */
export function renderReport(parts: readonly Part<unknown>[], reports: readonly PartReport[]): string {
  const reportOf = ({ id }: Part<unknown>) => reports.find(({ part }) => part === id);
  const goals = parts.map((part) => ({ part: part.id, goals: part.goals?.(reportOf(part)?.rows ?? []) ?? [] }));
  const missing = parts.flatMap((part) => {
    const report = reportOf(part);
    if (report === undefined) return [`- \`${part.id}\` was not run.`];
    const failed = report.failed === null ? [] : [`- \`${part.id}\` ended early: ${report.failed}`];
    return [...failed, ...report.problems.map((problem) => `- \`${part.id}\`: ${problem}`)];
  });
  const sections = parts.flatMap((part) => {
    const report = reportOf(part);
    if (report === undefined) return [];
    const body = report.rows.length === 0 ? 'No row was measured.' : part.markdown(report.rows);
    return [`## ${part.title}\n\n${part.about}\n\n${body}\n\n${origin(report)}`];
  });
  const head = `# Performance

Made by \`npm run bench:performance\` (the peers by \`npm run bench:peers\`). Numbers are medians, with the range from the lowest to the highest round in brackets. Sides that are compared take turns, round by round, so that what else the machine does hits both alike; a ratio is the median of the rounds' ratios.

## Goals

Computed from the rows below; a goal is met where the median meets its bound.

${goalsTable(goals)}`;
  const unmeasured = missing.length === 0 ? [] : [`### Not measured\n\n${[...new Set(missing)].join('\n')}`];
  return `${[head, ...unmeasured, ...sections].join('\n\n')}\n`;
}

function origin({ command, finished, minutes, machine, versions, git, rounds, clock }: PartReport): string {
  const software = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return `\`${command}\`: at most ${rounds} rounds, ${clock === 'wall' ? "the wall's clock" : 'processor time of one thread'}; ${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB; ${software.join(', ')}; commit ${git ?? 'unknown'}; ${finished.slice(0, 10)}, ${minutes.toFixed(1)} minutes.`;
}
