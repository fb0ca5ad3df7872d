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
      const { copyPackaged, downloadFile } = await import('../data/download.ts');
      const files = await filesOf(await datasets(id, io));
      if (files.length === 0) io.out(`${id} has no files to fetch.`);
      for (const { file, path, state, problem } of files) {
        const { name, bytes, url, packaged } = file;
        if (state === 'right') io.out(`${name} is right: ${path}`);
        else if (await copyPackaged(file, path)) io.out(`${name} is copied from ${packaged?.path}: ${path}`);
        else {
          io.err(`${name} ${problem}; fetching ${byteSize(bytes)} from ${url}`);
          const progress = (received: number) =>
            io.status(
              `${name}: ${byteSize(received)} of ${byteSize(bytes)}, ${Math.floor((100 * received) / bytes)} %`,
            );
          await downloadFile(file, path, { signal: io.signal, progress });
          io.out(`${name} is right: ${path}`);
        }
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
  const hints = [...new Set(absent.map(({ dataset }) => dataset))].map((dataset) => {
    const packages = new Set(
      absent.flatMap(({ dataset: of, file }) => (of === dataset && file.packaged?.package) || []),
    );
    const installed = [...packages]
      .map((name) => `, or from the Debian package ${name} where it is installed`)
      .join('');
    return `Put the files there yourself, or: attribench data fetch ${dataset}${installed}`;
  });
  return [table(['data set', 'size', 'state', 'file'], rows), ...hints].join('\n\n');
}
