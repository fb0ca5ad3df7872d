/** `attribench engine`: which engines are here, building the native one, and removing it. */
import { Argument, type Command } from 'commander';
import type { Io } from './io.ts';
import { refuseOperands } from './options.ts';
import { byteSize, json, table } from './table.ts';

export function addEngine(program: Command, io: Io): void {
  const engine = program
    .command('engine')
    .description('List the engines, fastest first, and say which one a run would use.')
    .option('--json', 'print JSON')
    .allowExcessArguments()
    .action(async (options: { json?: boolean }) => {
      await refuseOperands(engine);
      const { chooseEngine, enginesPresent } = await import('../engine/index.ts');
      const engines = await enginesPresent();
      const { identity } = await chooseEngine();
      if (options.json) {
        io.out(json({ engines, chosen: identity.name }));
        return;
      }
      const rows = engines.map(({ name, present, version, why }) => [
        name === identity.name ? `${name} *` : name,
        present ? 'present' : 'absent',
        present ? version : '',
        why,
      ]);
      io.out(`${table(['engine', 'state', 'version', 'why'], rows)}\n\n* what a run uses unless told otherwise`);
    });
  const native = () => new Argument('<engine>', 'the native engine').choices(['tensorflow']);
  engine
    .command('install')
    .description('Build the native TensorFlow engine into the cache folder, with a self-test.')
    .addArgument(native())
    .action(async () => {
      const { installNative } = await import('../engine/native/index.ts');
      const { built, folder, bytes } = await installNative({ onProgress: (note) => io.err(note), signal: io.signal });
      io.out(`The tensorflow engine ${built ? 'is ready' : 'was already there'}: ${folder}, ${byteSize(bytes)}.`);
      io.out('To remove it: attribench engine remove tensorflow');
    });
  engine
    .command('remove')
    .description('Delete the native TensorFlow engine from the cache folder.')
    .addArgument(native())
    .action(async () => {
      const { removeNative } = await import('../engine/native/index.ts');
      const bytes = removeNative();
      io.out(bytes === 0 ? 'There was no tensorflow engine to remove.' : `Removed ${byteSize(bytes)}.`);
    });
}
