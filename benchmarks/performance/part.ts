/** What a part of the performance report is: rows that are measured one by one, and their table. */
import type { Clock } from './contest/contestant.ts';
import type { Spread } from './contest/rounds.ts';

export interface PartOptions {
  /** Turns that each side takes for a number. */
  readonly rounds: number;
  readonly clock: Clock;
  /** Ids of the methods timed; absent: all. */
  readonly methods?: readonly string[];
  /** Ids of the networks timed; absent: all. */
  readonly networks?: readonly string[];
}

export interface Part<Row> {
  readonly id: string;
  readonly title: string;
  /** What the numbers are, in a few sentences. */
  readonly about: string;
  /** Measures the rows, and tells the versions of what it meets. */
  measure(options: PartOptions, versions: (found: { readonly [name: string]: string }) => void): AsyncIterable<Row>;
  /** One line while it runs. */
  line(row: Row): string;
  /** The part's tables in Markdown. */
  markdown(rows: readonly Row[]): string;
}

/** Three significant digits, without an exponent. */
export function number(value: number): string {
  return Number(value.toPrecision(3)).toLocaleString('en', { useGrouping: false, maximumFractionDigits: 10 });
}

/** '1.8 (1.7 to 1.9)' */
export function withRange({ median, low, high }: Spread): string {
  return `${number(median)} (${number(low)} to ${number(high)})`;
}

/** A Markdown table. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
