/** What a part of the performance report is: rows that are measured one by one, their table, and the goals they answer. */
import type { Clock } from './contest/contestant.ts';
import type { Goal } from './goals.ts';
import type { Spread } from './spread.ts';

export interface PartOptions {
  /** Turns that each side takes for a number, at most. */
  readonly rounds: number;
  readonly clock: Clock;
  /** The engines timed: all that are here but `cpu`, fastest first. */
  readonly engines: readonly string[];
  /** Ids of the methods timed; absent: all. */
  readonly methods?: readonly string[];
  /** Ids of the networks timed; absent: all. */
  readonly networks?: readonly string[];
  /** Says in one sentence what could not be measured, and why; the report names it. */
  problem(sentence: string): void;
}

export interface Part<Row> {
  readonly id: string;
  /** Rounds where none are asked for; absent: 5. */
  readonly rounds?: number;
  /** Ids that `--method` and `--network` may name; absent: they leave the part as it is. */
  readonly narrowedBy?: { readonly method?: readonly string[]; readonly network?: readonly string[] };
  readonly title: string;
  /** What the numbers are, in a few sentences. */
  readonly about: string;
  /** Measures the rows, and tells the versions of what it meets. */
  measure(options: PartOptions, versions: (found: { readonly [name: string]: string }) => void): AsyncIterable<Row>;
  /** One line while it runs. */
  line(row: Row): string;
  /** The part's tables in Markdown. */
  markdown(rows: readonly Row[]): string;
  /** What the rows say of the goals that are the part's. */
  goals?(rows: readonly Row[]): readonly Goal[];
}

/** Three significant digits, without an exponent. */
export function number(value: number): string {
  return Number(value.toPrecision(3)).toLocaleString('en', { useGrouping: false, maximumFractionDigits: 10 });
}

/** '1.8 (1.7 to 1.9)'; of one value alone '1.8'. */
export function withRange({ median, low, high, n }: Spread): string {
  return n === 1 ? number(median) : `${number(median)} (${number(low)} to ${number(high)})`;
}

/** 0.714 as '71.4 %', with the range. */
export function percent(share: Spread): string {
  const { median, low, high, n } = share;
  const of = (value: number) => number(100 * value);
  return n === 1 ? `${of(median)} %` : `${of(median)} % (${of(low)} to ${of(high)})`;
}

/** A Markdown table. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** An error's message, for a sentence on what failed. */
export function reason(thrown: unknown): string {
  return thrown instanceof Error ? (thrown.message.split('\n')[0] ?? '') : String(thrown);
}
