/** `attribench store`: the size of what finished steps left behind, and removing it. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { StepKind } from '../contracts.ts';
import { STEP_KINDS } from '../steps/step.ts';
import type { Io } from './io.ts';
import { refuseOperands } from './options.ts';
import { byteSize, json, table } from './table.ts';

interface PruneOptions {
  readonly kind?: StepKind[];
  readonly olderThan?: number;
  readonly all?: boolean;
  readonly json?: boolean;
}

export function addStore(program: Command, io: Io): void {
  const store = program
    .command('store')
    .description('Show how many artifacts the store holds, and their size.')
    .option('--json', 'print JSON')
    .allowExcessArguments()
    .action(async (options: { json?: boolean }) => {
      await refuseOperands(store);
      const { Store } = await import('../steps/store.ts');
      const opened = await Store.open();
      const sizes = await opened.sizes();
      if (options.json) {
        io.out(json({ folder: opened.folder, sizes }));
        return;
      }
      const rows = STEP_KINDS.map((kind) => [kind, sizes[kind].artifacts, byteSize(sizes[kind].bytes)]);
      io.out(`${opened.folder}\n\n${table(['kind', 'artifacts', 'size'], rows)}`);
    });
  store
    .command('prune')
    .description('Remove artifacts; whatever a later run needs is computed again.')
    .addOption(new Option('--kind <kinds...>', 'only these kinds').choices(STEP_KINDS))
    .option('--older-than <days>', 'only those written at least so many days ago', days)
    .option('--all', 'remove everything')
    .option('--json', 'print JSON')
    .action(async ({ kind, olderThan, all, json: asJson }: PruneOptions) => {
      if (kind === undefined && olderThan === undefined && all === undefined) {
        const { UsageError } = await import('../errors.ts');
        throw new UsageError('[attribench] store prune: say what to remove, by --kind, --older-than or --all');
      }
      const { Store } = await import('../steps/store.ts');
      const removed = await (await Store.open()).prune({
        ...(kind === undefined ? {} : { kinds: kind }),
        ...(olderThan === undefined ? {} : { olderThanDays: olderThan }),
      });
      const bytes = removed.reduce((sum, artifact) => sum + artifact.bytes, 0);
      io.out(asJson ? json({ removed }) : `Removed ${removed.length} artifacts, ${byteSize(bytes)}.`);
    });
}

function days(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value < 0)
    throw new InvalidArgumentError('expected a number of days from 0.');
  return value;
}
