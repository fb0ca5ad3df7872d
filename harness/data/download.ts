/** Fetching a data set's file: to a name of its own, checked, then renamed, so that no wrong file is ever in place. */
import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { DatasetFile } from '../contracts.ts';
import { asError, UsageError } from '../errors.ts';
import { verifyFile } from './files.ts';

/** Downloads a file to `path`, replacing what is there. Errors: UsageError where the site or the content is not right. */
export async function downloadFile(file: DatasetFile, path: string, signal: AbortSignal): Promise<void> {
  const folder = dirname(path);
  const partial = { ...file, name: `${file.name}.${process.pid}.partial` };
  const partialPath = `${path}.${process.pid}.partial`;
  await mkdir(folder, { recursive: true });
  try {
    const response = await request(file, signal);
    await pipeline(response, createWriteStream(partialPath), { signal });
    const { state, problem } = await verifyFile(folder, partial);
    if (state !== 'right') throw new UsageError(`[attribench] ${file.url} is not what it was: it ${problem}`);
    await rename(partialPath, path);
  } finally {
    await rm(partialPath, { force: true });
  }
}

async function request(file: DatasetFile, signal: AbortSignal): Promise<ReadableStream<Uint8Array>> {
  let response: Response;
  try {
    response = await fetch(file.url, { signal });
  } catch (thrown) {
    signal.throwIfAborted();
    const { cause, message } = asError(thrown);
    const reason = cause instanceof Error ? cause.message : message;
    throw new UsageError(`[attribench] ${file.url} could not be fetched: ${reason}`, { cause: thrown });
  }
  if (!response.ok || response.body === null) {
    throw new UsageError(`[attribench] ${file.url} could not be fetched: the site answered ${response.status}`);
  }
  return response.body;
}
