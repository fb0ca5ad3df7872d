/** `attribench run`: plans a profile, computes what the store lacks, writes the records, prints the table. */
import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { CellRecord } from '../contracts.ts';
import type { PlannedCell } from '../runner.ts';
import type { Io } from './io.ts';
import { positiveInteger, type SelectionOptions, selectionOf, withSelection } from './options.ts';
import { json } from './table.ts';

interface RunCommandOptions extends SelectionOptions {
  readonly workers?: number;
  readonly results?: string;
  readonly missing?: boolean;
  readonly json?: boolean;
}

export function addRun(program: Command, io: Io): void {
  withSelection(program.command('run'))
    .description('Run the checks of a profile and print the table. What was computed before is not computed again.')
    .option('--workers <n>', 'worker processes (default: one a core)', positiveInteger)
    .option('--results <folder>', 'where the records go (default: ./results of the project)')
    .option('--missing', 'only cells without a record of theirs in the results folder, whatever the store holds')
    .option('--json', 'print the records as JSON')
    .action(async (options: RunCommandOptions) => {
      const { Registry } = await import('../plugins.ts');
      const { executeRun, planRun, stackingLine, stackRetrainings, standingRecords, withoutCells } = await import(
        '../runner.ts'
      );
      const { Store } = await import('../steps/store.ts');
      const { progressOf } = await import('../progress.ts');
      const { closingTable } = await import('../closing.ts');
      const { nowhereApplicable } = await import('../results/nowhere-applicable.ts');
      const started = performance.now();
      const registry = await Registry.load({ from: io.cwd });
      const plan = await planRun(registry, selectionOf(options, io));
      io.err(`Profile ${plan.profile.id}: ${plan.cells.length} cells, engine ${plan.engine.name} (${plan.why}).`);
      const results = options.results === undefined ? registry.project.results : resolve(io.cwd, options.results);
      const standing = options.missing ? await standingRecords(plan, results) : new Map<PlannedCell, CellRecord>();
      if (options.missing) io.err(`${standing.size} of ${plan.cells.length} records stand in ${results}.`);
      const store = await Store.open();
      const rest = await stackRetrainings(withoutCells(plan, standing), { store, signal: io.signal, line: io.err });
      if (rest.stackings?.some(({ size }) => size > 1)) io.err(stackingLine(rest) ?? '');
      const computed = await executeRun(rest, {
        store,
        results,
        ...(options.workers === undefined ? {} : { workers: options.workers }),
        signal: io.signal,
        events: progressOf(rest, { line: io.err, status: io.status }, options.workers),
      });
      const byKey = new Map([...standing.values(), ...computed].map((record) => [record.key, record]));
      const records = plan.cells.flatMap(({ key }) => byKey.get(key) ?? []);
      const seconds = (performance.now() - started) / 1000;
      io.out(
        options.json
          ? json(records)
          : closingTable(registry, plan, records, { results, seconds, width: io.width, colour: io.colour }),
      );
      const nowhere = nowhereApplicable(records);
      for (const sentence of nowhere) io.err(sentence);
      if (nowhere.length > 0 || records.some((record) => record.status === 'failed')) io.exit(1);
    });
}
