/** Downloads from a server inside the test: one that goes on, one that starts over, and ones that do neither well. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { DatasetFile } from '../contracts.ts';
import { sha256 } from '../fingerprint.ts';
import { copyPackaged, downloadFile } from './download.ts';

const CONTENT = Buffer.from(Array.from({ length: 5_000 }, (_, i) => (i * 31) % 251));
let server: Server;
let site = '';
/** How the next requests are answered; the last one answers all later ones. */
let answers: ((request: IncomingMessage, response: ServerResponse) => void)[] = [];
/** The Range headers that arrived. */
let ranges: (string | undefined)[] = [];
/** What to do when so many bytes have arrived. */
const breaking = new Map<number, () => void>();

beforeAll(async () => {
  server = createServer((request, response) => {
    ranges.push(request.headers.range);
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    answer?.(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  site = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

let folder: string;
let target: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'attribench-download-'));
  target = join(folder, 'my-data', 'file');
  ranges = [];
  breaking.clear();
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const file = (): DatasetFile => ({ name: 'file', bytes: CONTENT.length, sha256: sha256(CONTENT), url: `${site}/file` });
const fetched = (options: Partial<Parameters<typeof downloadFile>[2]> = {}) =>
  downloadFile(file(), target, {
    signal: new AbortController().signal,
    pauses: [0, 0],
    progress: (received) => breaking.get(received)?.(),
    ...options,
  });
const inPlace = () => readdirSync(join(folder, 'my-data'));
const partialName = () => `file.${sha256(CONTENT).slice(0, 16)}.partial`;

/** Answers a range as HTTP has it. */
const serve = (request: IncomingMessage, response: ServerResponse) => {
  const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
  if (from === 0) return response.writeHead(200, { 'content-length': CONTENT.length }).end(CONTENT);
  return response
    .writeHead(206, { 'content-range': `bytes ${from}-${CONTENT.length - 1}/${CONTENT.length}` })
    .end(CONTENT.subarray(from));
};
/** Sends so many bytes of what was asked for, and breaks the connection when they have been written down. */
const breakAfter = (bytes: number) => (request: IncomingMessage, response: ServerResponse) => {
  const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
  const head = { 'content-length': CONTENT.length - from };
  if (from === 0) response.writeHead(200, head);
  else response.writeHead(206, { ...head, 'content-range': `bytes ${from}-${CONTENT.length - 1}/${CONTENT.length}` });
  breaking.set(from + bytes, () => response.destroy());
  response.write(CONTENT.subarray(from, from + bytes));
};
const status = (code: number) => (_: IncomingMessage, response: ServerResponse) => response.writeHead(code).end('no');
const send =
  (content: Uint8Array, head: Record<string, string> = {}) =>
  (_: IncomingMessage, response: ServerResponse) =>
    response.writeHead(200, head).end(content);

test('the right file is put in place, its progress told', async () => {
  answers = [serve];
  const told: number[] = [];
  await fetched({ progress: (received) => told.push(received) });
  expect(inPlace()).toEqual(['file']);
  expect(readFileSync(target).equals(CONTENT)).toBe(true);
  expect(told.at(-1)).toBe(CONTENT.length);
  expect(told).toEqual(told.toSorted((a, b) => a - b));
  expect(ranges).toEqual([undefined]);
});

describe('a broken connection', () => {
  test('is taken up where it broke, as often as there are attempts', async () => {
    answers = [breakAfter(1_000), breakAfter(2_500), serve];
    await fetched();
    expect(ranges).toEqual([undefined, 'bytes=1000-', 'bytes=3500-']);
    expect(readFileSync(target).equals(CONTENT)).toBe(true);
    expect(inPlace()).toEqual(['file']);
  });

  test('ends in one sentence when the attempts are used up; the next call goes on', async () => {
    answers = [breakAfter(100)];
    await expect(fetched()).rejects.toThrow(
      /^\[attribench] http:\S+ broke off after 300 of 5000 bytes: what arrived is kept, fetch again to go on$/,
    );
    expect(inPlace()).toEqual([partialName()]);
    answers = [serve];
    await fetched();
    expect(ranges.at(-1)).toBe('bytes=300-');
    expect(readFileSync(target).equals(CONTENT)).toBe(true);
  });

  test('a site that is busy is asked again, and one that cannot go on sends all anew', async () => {
    answers = [breakAfter(1_000), status(503), send(CONTENT)];
    await fetched();
    expect(ranges).toEqual([undefined, 'bytes=1000-', 'bytes=1000-']);
    expect(readFileSync(target).equals(CONTENT)).toBe(true);
  });

  test.each<[string, (request: IncomingMessage, response: ServerResponse) => void]>([
    ['416', status(416)],
    [
      'another range than was asked for',
      (_, response) => response.writeHead(206, { 'content-range': 'bytes 7-4999/5000' }).end(CONTENT.subarray(7)),
    ],
  ])('an answer of %s starts over', async (_, answer) => {
    answers = [breakAfter(1_000), answer, serve];
    await fetched();
    expect(ranges).toEqual([undefined, 'bytes=1000-', undefined]);
    expect(readFileSync(target).equals(CONTENT)).toBe(true);
  });

  test('an interrupt keeps what arrived and puts nothing in place', async () => {
    answers = [
      (_, response) => {
        response.writeHead(200, { 'content-length': CONTENT.length });
        response.write(CONTENT.subarray(0, 2_000));
      },
    ];
    const interrupt = new AbortController();
    const running = fetched({
      signal: interrupt.signal,
      progress: (received) => received === 2_000 && interrupt.abort(new Error('Ctrl-C')),
    });
    await expect(running).rejects.toThrow();
    expect(existsSync(target)).toBe(false);
    answers = [serve];
    await fetched();
    expect(readFileSync(target).equals(CONTENT)).toBe(true);
  });

  test('a whole file that was not yet renamed is not fetched again', async () => {
    answers = [breakAfter(4_999)];
    await expect(fetched({ pauses: [] })).rejects.toThrow('4999 of 5000');
    writeFileSync(join(folder, 'my-data', partialName()), CONTENT);
    answers = [status(500)];
    await fetched();
    expect(ranges).toEqual([undefined]);
    expect(inPlace()).toEqual(['file']);
  });
});

describe('what is not the published file leaves nothing behind', () => {
  const altered = Buffer.from(CONTENT);
  altered[17] = 0;
  test.each<[string, (request: IncomingMessage, response: ServerResponse) => void, RegExp]>([
    ['another content', send(altered), /is not what it was: it has SHA-256 \w+, expected/],
    ['a shorter one', send(CONTENT.subarray(1), { 'content-length': '4999' }), /it has 4999 bytes, expected 5000/],
    [
      'an endless one',
      (_, response) => response.writeHead(200).write(Buffer.alloc(20_000)),
      /it has more than 5000 bytes/,
    ],
    ['none', status(404), /could not be fetched: the site answered 404/],
    ['a forbidden one', status(403), /could not be fetched: the site answered 403/],
  ])('%s', async (_, answer, sentence) => {
    answers = [answer];
    await expect(fetched()).rejects.toThrow(sentence);
    expect(inPlace()).toEqual([]);
  });

  test('a rest that does not fit what was there', async () => {
    answers = [serve];
    await expect(fetched({ signal: AbortSignal.abort(new Error('not now')) })).rejects.toThrow();
    writeFileSync(join(folder, 'my-data', partialName()), Buffer.alloc(100));
    await expect(fetched()).rejects.toThrow('is not what it was: it has SHA-256');
    expect(inPlace()).toEqual([]);
    await fetched();
    expect(inPlace()).toEqual(['file']);
  });

  test('a site that is not there is one sentence', async () => {
    const nowhere = { ...file(), url: 'http://127.0.0.1:1/file' };
    const options = { signal: new AbortController().signal };
    await expect(downloadFile(nowhere, target, options)).rejects.toThrow(
      /^\[attribench] http:\/\/127\.0\.0\.1:1\/file could not be fetched: /,
    );
  });
});

test('a file that is itself gzipped arrives as published', async () => {
  const zipped = gzipSync(CONTENT);
  answers = [send(zipped, { 'content-length': `${zipped.length}`, 'content-type': 'application/gzip' })];
  const gzipped = { ...file(), bytes: zipped.length, sha256: sha256(zipped) };
  await downloadFile(gzipped, target, { signal: new AbortController().signal });
  expect(readFileSync(target).equals(zipped)).toBe(true);
});

describe('copyPackaged', () => {
  const packaged = () => ({
    package: 'dataset-file',
    path: join(folder, 'installed'),
    bytes: 3,
    sha256: sha256('abc'),
  });

  test('copies what the package holds', async () => {
    expect(await copyPackaged(file(), target)).toBe(false);
    expect(await copyPackaged({ ...file(), packaged: packaged() }, target)).toBe(false);
    writeFileSync(join(folder, 'installed'), 'abc');
    expect(await copyPackaged({ ...file(), packaged: packaged() }, target)).toBe(true);
    expect(inPlace()).toEqual(['file']);
    expect(readFileSync(target, 'utf8')).toBe('abc');
  });

  test('refuses another file of that name', async () => {
    writeFileSync(join(folder, 'installed'), 'abd');
    await expect(copyPackaged({ ...file(), packaged: packaged() }, target)).rejects.toThrow(
      'installed of the package dataset-file has SHA-256',
    );
    expect(existsSync(target)).toBe(false);
  });
});
