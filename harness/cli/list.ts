/** `attribench list`: every plugin known here, with its source and its needs. */
import type { Command } from 'commander';
import type { PluginKind } from '../contracts.ts';
import { entry } from '../handbook.ts';
import type { FoundPlugin } from '../plugins.ts';
import type { Io } from './io.ts';
import { expectWord } from './options.ts';
import { json, table } from './table.ts';

const KINDS = {
  methods: 'method',
  models: 'model',
  trainings: 'training',
  datasets: 'dataset',
  checks: 'check',
  profiles: 'profile',
} as const satisfies { readonly [plural: string]: PluginKind };

type Plural = keyof typeof KINDS;

export function addList(program: Command, io: Io): void {
  program
    .command('list')
    .description('List methods, models, trainings, data sets, checks and profiles, with their sources.')
    .argument('[kind]', `one kind only: ${Object.keys(KINDS).join(', ')}`)
    .option('--long', 'print all that is known of each: formula, parameters, axioms claimed, known failures')
    .option('--json', 'print JSON, which holds all that too')
    .action(async (kind: string | undefined, options: { long?: boolean; json?: boolean }) => {
      const all = Object.keys(KINDS) as Plural[];
      if (kind !== undefined) await expectWord('kind', kind, all);
      const { Registry } = await import('../plugins.ts');
      const registry = await Registry.load({ from: io.cwd });
      const wanted = all.filter((plural) => kind === undefined || plural === kind);
      const found = wanted.map((plural) => ({ plural, plugins: registry.all(KINDS[plural]) }));
      if (options.json) {
        io.out(json(Object.fromEntries(found.map(({ plural, plugins }) => [plural, plugins.map(describe)]))));
        return;
      }
      const blocks = found
        .filter(({ plugins }) => plugins.length > 0)
        .map(({ plural, plugins }) =>
          options.long ? long(plural, plugins) : `${plural}\n${table(...columns(plugins))}`,
        );
      io.out(blocks.join('\n\n'));
    });
}

function long(plural: Plural, plugins: readonly FoundPlugin[]): string {
  return [`# ${plural}`, ...plugins.map(({ plugin, id }) => entry(plugin, id))].join('\n\n');
}

/** The declarative part of a plugin: all its fields but functions. */
function describe({ plugin, id, file }: FoundPlugin): object {
  const fields = Object.entries(plugin).filter(([, value]) => typeof value !== 'function');
  return { ...Object.fromEntries(fields), id, file };
}

function columns(plugins: readonly FoundPlugin[]): [string[], string[][]] {
  const needing = plugins.some(({ plugin }) => plugin.kind === 'method');
  return [
    needing ? ['id', 'role', 'needs', 'source'] : ['id', 'title', 'source'],
    plugins.map(({ plugin, id }) =>
      plugin.kind === 'method'
        ? [id, plugin.role, wants(plugin), plugin.cite]
        : [id, plugin.title, plugin.kind === 'check' ? `${plugin.cite}. Passes: ${plugin.criterion}` : plugin.cite],
    ),
  ];
}

function wants({ needs, requires }: Extract<FoundPlugin['plugin'], { kind: 'method' }>): string {
  return [...needs, ...Object.keys(requires)].join(', ');
}
