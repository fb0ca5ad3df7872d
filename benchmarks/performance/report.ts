/** The performance report in Markdown: a pure function of the parts' JSON files. */
import type { Environment } from '../../harness/results/run-information.ts';
import type { Clock } from './contest/contestant.ts';
import { PARTS } from './parts/index.ts';

/** One part's JSON file. */
export interface PartReport extends Environment {
  readonly schema: 1;
  readonly part: string;
  readonly command: string;
  readonly finished: string;
  readonly minutes: number;
  readonly rounds: number;
  readonly clock: Clock;
  readonly rows: readonly unknown[];
}

export function renderReport(reports: readonly PartReport[]): string {
  const sections = reports.flatMap((report) => {
    const part = PARTS.find(({ id }) => id === report.part);
    return part === undefined
      ? []
      : [`## ${part.title}\n\n${part.about}\n\n${part.markdown(report.rows)}\n\n${origin(report)}`];
  });
  const head = `# Performance

Made by \`npm run bench:performance\` (the peers by \`npm run bench:peers\`). Numbers are medians, with the range from the lowest to the highest round in brackets. Two sides take turns, round by round, so that what else the machine does hits both alike; a ratio is the median of the rounds' ratios.`;
  return `${[head, ...sections].join('\n\n')}\n`;
}

function origin({ command, finished, minutes, machine, versions, git, rounds, clock }: PartReport): string {
  const software = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return `\`${command}\`: n = ${rounds}, ${clock === 'wall' ? "the wall's clock" : 'processor time of one thread'}; ${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB; ${software.join(', ')}; commit ${git ?? 'unknown'}; ${finished.slice(0, 10)}, ${minutes.toFixed(1)} minutes.`;
}
