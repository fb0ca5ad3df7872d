/**
 * Small files in the place of published ones, which are the user's to bring: for tests of the data sets that read them.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ArrayImages, Dataset, DatasetContent, DatasetFile, Parameters } from 'attribench';
import { afterEach, beforeEach } from 'vitest';
import { stream } from '../../harness/random.ts';

const small = new Map<string, { readonly path: string; readonly bytes: Uint8Array }>();
let folder = '';

/** Before each test of the file: no small file, and an empty data folder. */
export function startWithoutFiles(): void {
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'attribench-published-'));
    small.clear();
  });
  afterEach(() => rmSync(folder, { recursive: true }));
}

/** The data folder of the test; small files have other names in it than the published ones. */
export function dataFolder(): string {
  return folder;
}

export function putFile(name: string, bytes: Uint8Array): void {
  const path = join(folder, `small-${name}`);
  writeFileSync(path, bytes);
  small.set(name, { path, bytes });
}

/** The data set's content, from the test's folder unless told otherwise. */
export async function loadDataset<P extends Parameters>(
  dataset: Dataset<P>,
  parameters: P,
  from = folder,
): Promise<DatasetContent<ArrayImages>> {
  return dataset.load({
    parameters,
    sources: [],
    stream: stream('data', dataset.id),
    folder: from,
    signal: new AbortController().signal,
    progress: () => {},
  });
}

type Package = typeof import('attribench');

/** For `vi.mock('attribench', ..)`: files that were put are read unverified, all others as always. */
export async function withSmallFiles(original: () => Promise<Package>): Promise<Package> {
  const actual = await original();
  return {
    ...actual,
    readDataFile: async (from: string, file: DatasetFile) =>
      small.get(file.name)?.bytes ?? actual.readDataFile(from, file),
    verifiedDataFile: async (from: string, file: DatasetFile) =>
      small.get(file.name)?.path ?? actual.verifiedDataFile(from, file),
  };
}
