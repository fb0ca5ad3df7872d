/**
 * The one file that knows Vitest's bench API, which Vitest 5 replaces.
 *
 * In bench mode only file-level beforeAll and afterAll run, so all work hangs on these two. A bench
 * that throws ends its file; a body given here never does: its first error is kept and told to `finish`.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, bench, describe, inject } from 'vitest';
import { asError } from '../errors.ts';

/** A bench: what stands in the table, and what is timed. */
export interface TimedCell {
  readonly name: string;
  /** One timed iteration; called only when `prepare` said that there is something to time. */
  run(): Promise<void>;
}

export interface TimedGroup {
  readonly name: string;
  readonly cells: readonly TimedCell[];
}

export interface BenchFile {
  readonly groups: readonly TimedGroup[];
  /** Before the first bench, with the cells that Vitest's filters left; returns those that can be timed. */
  prepare(selected: ReadonlySet<TimedCell>): Promise<ReadonlySet<TimedCell>>;
  /** After the last bench, with what the benches threw. A rejection makes Vitest's exit code non-zero. */
  finish(errors: ReadonlyMap<TimedCell, Error>, show: (closing: string) => void): Promise<void>;
}

declare module 'vitest' {
  interface TaskMeta {
    /** The closing table of a bench file, for the reporter. */
    closing?: string;
  }
  interface ProvidedContext {
    /** Set by the reporter that prints closing tables itself. */
    closingTableLast?: true;
  }
}

/** At least three iterations after one for warming up, and more while 5 ms last. */
const TIMING = { time: 5, iterations: 3, warmupTime: 0, warmupIterations: 1 } as const;

/** Registers the benches of the file that is being collected. */
export function benchFile(file: BenchFile): void {
  const cells = new Map<string, TimedCell>();
  const errors = new Map<TimedCell, Error>();

  for (const group of file.groups) {
    describe(group.name, () => {
      for (const cell of group.cells) {
        cells.set(fullName(group.name, cell.name), cell);
        // Always an async function: Vitest calls any other two times more, to see whether it is one.
        bench(
          cell.name,
          async () => {
            if (errors.has(cell)) {
              await pause(20);
              return;
            }
            try {
              await cell.run();
            } catch (thrown) {
              errors.set(cell, asError(thrown));
            }
          },
          TIMING,
        );
      }
    });
  }

  // biome-ignore lint/correctness/noEmptyPattern: Vitest reads the first parameter's text and wants a pattern.
  beforeAll(async ({}, suite) => {
    const benches = suite.tasks.flatMap((group) => {
      if (group.type !== 'suite') return [];
      return group.tasks.flatMap((task) => {
        const cell = cells.get(fullName(group.name, task.name));
        return cell === undefined || task.mode === 'skip' ? [] : [{ task, cell }];
      });
    });
    const timed = await file.prepare(new Set(benches.map(({ cell }) => cell)));
    for (const { task, cell } of benches) if (!timed.has(cell)) task.mode = 'skip';
  }, 0);

  // biome-ignore lint/correctness/noEmptyPattern: Vitest reads the first parameter's text and wants a pattern.
  afterAll(async ({}, suite) => {
    await file.finish(errors, (closing) => {
      suite.meta.closing = closing;
      if (inject('closingTableLast') !== true) console.log(closing);
    });
  }, 0);
}

function fullName(group: string, cell: string): string {
  return `${group} / ${cell}`;
}
