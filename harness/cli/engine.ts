/** `attribench engine`: which engines are here, building the native ones, and removing them. */
import { Argument, type Command } from 'commander';
import { NATIVES, type Native } from '../engine/native/wheel.ts';
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
  engine
    .command('install')
    .description('Build a native TensorFlow engine into the cache folder, with a self-test.')
    .addArgument(nativeArgument())
    .action(async (name: string) => {
      const { installNative } = await import('../engine/native/index.ts');
      const { built, folder, bytes } = await installNative(nativeOf(name), {
        onProgress: (note) => io.err(note),
        signal: io.signal,
      });
      io.out(`The ${name} engine ${built ? 'is ready' : 'was already there'}: ${folder}, ${byteSize(bytes)}.`);
      io.out(`To remove it: attribench engine remove ${name}`);
    });
  engine
    .command('remove')
    .description('Delete a native TensorFlow engine from the cache folder.')
    .addArgument(nativeArgument())
    .action(async (name: string) => {
      const { removeNative } = await import('../engine/native/index.ts');
      const bytes = removeNative(nativeOf(name));
      io.out(bytes === 0 ? `There was no ${name} engine to remove.` : `Removed ${byteSize(bytes)}.`);
    });
}

function nativeArgument(): Argument {
  return new Argument('<engine>', 'the native engine').choices(NATIVES.map(({ name }) => name));
}

function nativeOf(name: string): Native {
  const native = NATIVES.find((candidate) => candidate.name === name);
  if (native === undefined) throw new Error(`[attribench] engine "${name}" is not a native one`);
  return native;
}
