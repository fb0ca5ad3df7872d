/** `attribench data`: where the files of a data set go, whether they are right, and fetching them. */
import type { Command } from 'commander';
import type { FileStatus } from '../data/files.ts';
import type { FoundPlugin } from '../plugins.ts';
import type { Io } from './io.ts';
import { byteSize, json, table } from './table.ts';

interface Listed extends FileStatus {
  readonly dataset: string;
}

export function addData(program: Command, io: Io): void {
  const data = program
    .command('data')
    .description('Show where the files of a data set go and check their size and SHA-256.')
    .argument('[dataset]', 'one data set only')
    .option('--json', 'print JSON')
    .action(async (id: string | undefined, options: { json?: boolean }) => {
      const files = await filesOf(await datasets(id, io));
      io.out(options.json ? json(files) : render(id, files));
      if (files.some(({ state }) => state === 'wrong')) io.exit(1);
    });
  data
    .command('fetch')
    .description('Download the absent files of a data set from where they were published, and check them.')
    .argument('<dataset>', 'such as mnist-full')
    .action(async (id: string) => {
      const { downloadFile } = await import('../data/download.ts');
      for (const { file, path, state, problem } of await filesOf(await datasets(id, io))) {
        if (state !== 'right') {
          io.err(`${file.name} ${problem}; fetching ${byteSize(file.bytes)} from ${file.url}`);
          await downloadFile(file, path, io.signal);
        }
        io.out(`${file.name} is right: ${path}`);
      }
    });
}

async function datasets(id: string | undefined, io: Io): Promise<readonly FoundPlugin[]> {
  const { Registry } = await import('../plugins.ts');
  const registry = await Registry.load({ from: io.cwd });
  return id === undefined ? registry.all('dataset') : [registry.find('dataset', id)];
}

async function filesOf(found: readonly FoundPlugin[]): Promise<Listed[]> {
  const { datasetFilesStatus } = await import('../data/files.ts');
  const listed: Listed[] = [];
  for (const { plugin, id } of found) {
    if (plugin.kind !== 'dataset') continue;
    listed.push(...(await datasetFilesStatus(plugin)).map((status) => ({ dataset: id, ...status })));
  }
  return listed;
}

function render(id: string | undefined, files: readonly Listed[]): string {
  if (files.length === 0) return id === undefined ? 'No data set here needs files.' : `${id} needs no files.`;
  const rows = files.map(({ dataset, file, path, state, problem }) => [
    dataset,
    byteSize(file.bytes),
    state === 'right' ? 'right' : problem,
    path,
  ]);
  const absent = files.filter(({ state }) => state !== 'right');
  const hints = [...new Set(absent.map(({ dataset }) => dataset))].map(
    (dataset) => `Put the files there yourself, or: attribench data fetch ${dataset}`,
  );
  return [table(['data set', 'size', 'state', 'file'], rows), ...hints].join('\n\n');
}
