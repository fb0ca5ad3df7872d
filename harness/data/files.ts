/**
 * Files that a data set needs and the user brings: where they go, whether they are there, and whether
 * they are the published ones. Nothing is downloaded here, and a file that differs is never used.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Dataset, DatasetFile } from '../contracts.ts';
import { UsageError } from '../errors.ts';
import { homeFolder } from '../project.ts';

export interface FileStatus {
  readonly file: DatasetFile;
  /** Where it must lie. */
  readonly path: string;
  readonly state: 'right' | 'absent' | 'wrong';
  /** What is wrong, as the end of a sentence; '' where the file is right. */
  readonly problem: string;
}

/** The folder above all data sets' folders, absolute. */
export function dataFolder(home: string = homeFolder()): string {
  return join(home, 'data');
}

/** The folder of one data set's files: what its `load` gets as `folder`. */
export function datasetFolder(id: string, folder: string = dataFolder()): string {
  return join(folder, id);
}

/** The status of every file that a data set needs, in its order; empty where it needs none. */
export function datasetFilesStatus(
  dataset: Pick<Dataset, 'id' | 'files'>,
  folder: string = dataFolder(),
): Promise<FileStatus[]> {
  return Promise.all((dataset.files ?? []).map((file) => verifyFile(datasetFolder(dataset.id, folder), file)));
}

/** Compares the file in this folder with the published size and SHA-256, or a package's, without holding it in memory. */
export async function verifyFile(folder: string, file: DatasetFile): Promise<FileStatus> {
  const path = join(folder, file.name);
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw error;
  });
  if (found === undefined) return { file, path, state: 'absent', problem: 'is absent' };
  if (!found.isFile()) return { file, path, state: 'wrong', problem: 'is not a file' };
  const expected = [file, ...(file.packaged === undefined ? [] : [file.packaged])];
  const ofItsSize = expected.filter(({ bytes }) => bytes === found.size);
  if (ofItsSize.length === 0) {
    const sizes = expected.map(({ bytes }) => bytes).join(' or ');
    return { file, path, state: 'wrong', problem: `has ${found.size} bytes, expected ${sizes}` };
  }
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  const digest = hash.digest('hex');
  if (!ofItsSize.some(({ sha256 }) => sha256 === digest)) {
    const digests = ofItsSize.map(({ sha256 }) => sha256).join(' or ');
    return { file, path, state: 'wrong', problem: `has SHA-256 ${digest}, expected ${digests}` };
  }
  return { file, path, state: 'right', problem: '' };
}

/** Where a file lies that was verified; throws UsageError that says where to get it and where to put it. */
export async function verifiedDataFile(folder: string, file: DatasetFile): Promise<string> {
  const { path, state, problem } = await verifyFile(folder, file);
  if (state !== 'right') throw new UsageError(`[attribench] ${path} ${problem}: put ${file.url} there`);
  return path;
}

/** The verified bytes of a file; errors are those of verifiedDataFile. */
export async function readDataFile(folder: string, file: DatasetFile): Promise<Uint8Array> {
  return readFile(await verifiedDataFile(folder, file));
}
