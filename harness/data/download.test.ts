import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { DatasetFile } from '../contracts.ts';
import { sha256 } from '../fingerprint.ts';
import { downloadFile } from './download.ts';

const CONTENT = 'a data set';
const folder = mkdtempSync(join(tmpdir(), 'attribench-download-'));
let server: Server;
let site = '';

beforeAll(async () => {
  server = createServer((request, response) => {
    if (request.url === '/right') response.end(CONTENT);
    else if (request.url === '/wrong') response.end('b data set');
    else if (request.url === '/never') response.write(CONTENT.slice(0, 3));
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  site = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true, force: true });
});

const file = (path: string): DatasetFile => ({
  name: 'file',
  bytes: CONTENT.length,
  sha256: sha256(CONTENT),
  url: `${site}${path}`,
});
const target = join(folder, 'my-data', 'file');
const fetched = (path: string, signal = new AbortController().signal) => downloadFile(file(path), target, signal);

test.each([
  ['/wrong', /is not what it was: it has SHA-256/],
  ['/absent', /could not be fetched: the site answered 404/],
])('%s leaves nothing in place', async (path, sentence) => {
  await expect(fetched(path)).rejects.toThrow(sentence);
  expect(readdirSync(join(folder, 'my-data'))).toEqual([]);
});

test('a site that is not there is one sentence', async () => {
  const nowhere = { ...file('/right'), url: 'http://127.0.0.1:1/file' };
  await expect(downloadFile(nowhere, target, new AbortController().signal)).rejects.toThrow(
    /^\[attribench\] .*fetched: \S+/,
  );
});

test('an interrupted download leaves nothing in place', async () => {
  const interrupt = new AbortController();
  const running = fetched('/never', interrupt.signal);
  setTimeout(() => interrupt.abort(), 200);
  await expect(running).rejects.toThrow();
  expect(readdirSync(join(folder, 'my-data'))).toEqual([]);
});

test('the right file is put in place', async () => {
  await fetched('/right');
  expect(readdirSync(join(folder, 'my-data'))).toEqual(['file']);
  expect(readFileSync(target, 'utf8')).toBe(CONTENT);
});
