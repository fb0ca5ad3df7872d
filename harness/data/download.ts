/**
 * Fetching a data set's file: beside its place, checked, then renamed, so that no wrong file is ever in place.
 *
 * What arrived before an interruption stays, under a name that holds the expected hash, and the next
 * attempt asks for the rest. Nothing longer than the published file is ever written. Two processes that
 * fetch one file at once spoil each other's: the hash tells, and the file is fetched again.
 */
import { copyFile, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { DatasetFile } from '../contracts.ts';
import { asError, UsageError } from '../errors.ts';
import { verifyFile } from './files.ts';

export interface DownloadOptions {
  readonly signal: AbortSignal;
  /** Called as bytes arrive. */
  readonly progress?: (received: number) => void;
  /** Milliseconds before the second, third, ... attempt to go on after the connection broke. */
  readonly pauses?: readonly number[];
}

/** The connection broke or the site was busy: worth another attempt. */
class Interruption extends Error {}

const PAUSES = [1_000, 5_000, 20_000];
const REQUEST_TIMEOUT = 408;
const RANGE_NOT_SATISFIABLE = 416;
const TOO_MANY_REQUESTS = 429;

/**
 * Downloads a file to `path`, replacing what is there; goes on where an earlier attempt ended.
 *
 * Errors: UsageError where the site or the content is not right; the signal's reason when aborted.
 */
export async function downloadFile(file: DatasetFile, path: string, options: DownloadOptions): Promise<void> {
  const partial = `${path}.${file.sha256.slice(0, 16)}.partial`;
  await mkdir(dirname(path), { recursive: true });
  for (const pauseBefore of [0, ...(options.pauses ?? PAUSES), null]) {
    const begun = await size(partial);
    if (begun === file.bytes) break;
    if (pauseBefore === null)
      throw new UsageError(
        `[attribench] ${file.url} broke off after ${begun} of ${file.bytes} bytes: what arrived is kept, fetch again to go on`,
      );
    await pause(pauseBefore, undefined, { signal: options.signal });
    try {
      await receive(file, partial, begun, options);
    } catch (thrown) {
      options.signal.throwIfAborted();
      if (!(thrown instanceof Interruption)) throw thrown;
    }
  }
  await put(file, partial, path);
}

/**
 * Copies the file from where an operating system's package put it; false where it is not there.
 *
 * Errors: UsageError where the package holds another file.
 */
export async function copyPackaged(file: DatasetFile, path: string): Promise<boolean> {
  const { packaged, ...published } = file;
  if (packaged === undefined) return false;
  const { state, problem } = await verifyFile(dirname(packaged.path), {
    ...packaged,
    name: basename(packaged.path),
    url: '',
  });
  if (state === 'absent') return false;
  if (state === 'wrong')
    throw new UsageError(`[attribench] ${packaged.path} of the package ${packaged.package} ${problem}`);
  const partial = `${path}.${packaged.sha256.slice(0, 16)}.partial`;
  await mkdir(dirname(path), { recursive: true });
  await copyFile(packaged.path, partial);
  await put({ ...published, bytes: packaged.bytes, sha256: packaged.sha256, url: packaged.path }, partial, path);
  return true;
}

/** Puts a complete file in place, if it is the right one; else removes it. */
async function put({ packaged: _, ...file }: DatasetFile, partial: string, path: string): Promise<void> {
  const { state, problem } = await verifyFile(dirname(partial), { ...file, name: basename(partial) });
  if (state !== 'right') {
    await rm(partial, { force: true });
    throw new UsageError(`[attribench] ${file.url} is not what it was: it ${problem}`);
  }
  await rename(partial, path);
}

/** Writes what is missing after the first `begun` bytes. */
async function receive(file: DatasetFile, partial: string, begun: number, options: DownloadOptions): Promise<void> {
  const response = await request(file, begun, options.signal);
  const resumed = response.status === 206;
  const first = resumed ? begun : 0;
  const announced = response.headers.get('content-length');
  if (announced !== null && first + Number(announced) !== file.bytes) {
    await response.body?.cancel();
    await rm(partial, { force: true });
    throw new UsageError(
      `[attribench] ${file.url} is not what it was: it has ${first + Number(announced)} bytes, expected ${file.bytes}`,
    );
  }
  const target = await open(partial, resumed ? 'a' : 'w');
  try {
    let received = first;
    const chunks = response.body?.getReader();
    for (;;) {
      const chunk = await chunks?.read().catch((thrown: unknown) => {
        throw new Interruption(asError(thrown).message, { cause: thrown });
      });
      if (chunk?.value === undefined) break;
      received += chunk.value.length;
      if (received > file.bytes) {
        await chunks?.cancel();
        await rm(partial, { force: true });
        throw new UsageError(`[attribench] ${file.url} is not what it was: it has more than ${file.bytes} bytes`);
      }
      await target.writeFile(chunk.value);
      options.progress?.(received);
    }
  } finally {
    await target.close();
  }
}

/** The answer to a request for the bytes from `begun` on: all of them (200) or the rest (206). */
async function request(file: DatasetFile, begun: number, signal: AbortSignal): Promise<Response> {
  const ask = async (from: number): Promise<Response> => {
    // A site that compresses on the way would send other bytes than were published.
    const headers = { 'accept-encoding': 'identity', ...(from > 0 && { range: `bytes=${from}-` }) };
    try {
      return await fetch(file.url, { signal, headers });
    } catch (thrown) {
      signal.throwIfAborted();
      const { cause, message } = asError(thrown);
      const reason = cause instanceof Error ? cause.message : message;
      throw new UsageError(`[attribench] ${file.url} could not be fetched: ${reason}`, { cause: thrown });
    }
  };
  let response = await ask(begun);
  const goesOn = response.headers.get('content-range')?.startsWith(`bytes ${begun}-`) === true;
  if (response.status === RANGE_NOT_SATISFIABLE || (response.status === 206 && !goesOn)) {
    await response.body?.cancel();
    response = await ask(0);
  }
  if (response.status === 200 || (response.status === 206 && goesOn)) return response;
  await response.body?.cancel();
  const { status } = response;
  if (status === REQUEST_TIMEOUT || status === TOO_MANY_REQUESTS || status >= 500)
    throw new Interruption(`the site answered ${status}`);
  throw new UsageError(`[attribench] ${file.url} could not be fetched: the site answered ${status}`);
}

/** Bytes of a file; 0 where there is none. */
async function size(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw thrown;
  }
}
