/** What the installer says and leaves behind when something is missing; no network, no compiler needed. */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { UsageError } from '../../errors.ts';
import { installNative } from './install.ts';
import { ADDON, enginesFolder, nativeFolder, nativeStatus, removeNative } from './status.ts';
import { WHEEL } from './wheel.ts';

let home: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'attribench-native-'));
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(home, { recursive: true, force: true });
});

/** A folder with nothing on the path but the given shell scripts. */
function programs(scripts: { readonly [name: string]: string }): string {
  const folder = join(home, 'bin');
  mkdirSync(folder);
  for (const [name, body] of Object.entries(scripts)) {
    writeFileSync(join(folder, name), `#!/bin/sh\n${body}\n`);
    chmodSync(join(folder, name), 0o755);
  }
  return folder;
}

function install() {
  return installNative({ home });
}

function leftBehind(): string[] {
  return existsSync(enginesFolder(home)) ? readdirSync(enginesFolder(home)) : [];
}

describe.runIf(process.platform === 'linux' && process.arch === 'x64')('on Linux x64', () => {
  test('without a compiler: one sentence, nothing left', async () => {
    vi.stubEnv('PATH', programs({ python3: 'exit 0' }));
    vi.stubEnv('CXX', '');
    await expect(install()).rejects.toThrow(UsageError);
    await expect(install()).rejects.toThrow(/^\[attribench\] [^\n]*needs a C\+\+ compiler[^\n]*wasm engine works/);
    expect(leftBehind()).toEqual([]);
  });

  test('without Python: one sentence, nothing left', async () => {
    vi.stubEnv('PATH', programs({ 'g++': 'exit 0' }));
    vi.stubEnv('PYTHON', '');
    await expect(install()).rejects.toThrow(
      /^\[attribench\] [^\n]*needs Python with pip[^\n]*wasm engine works[^\n]*$/,
    );
    expect(leftBehind()).toEqual([]);
  });

  test("a failing download: the program's own reason, nothing left", async () => {
    vi.stubEnv(
      'PATH',
      programs({ 'g++': 'exit 0', python3: '[ "$3" = --version ] || { echo "ERROR: no route" >&2; exit 1; }' }),
    );
    await expect(install()).rejects.toThrow(/^\[attribench\] could not download[^\n]*ERROR: no route$/);
    expect(leftBehind()).toEqual([]);
  });

  test('another file than the pinned one is refused, nothing left', async () => {
    const python = `[ "$3" = --version ] && exit 0\nfor last; do :; done\necho fake > "$last/${WHEEL.file}"`;
    vi.stubEnv('PATH', programs({ 'g++': 'exit 0', python3: python }));
    await expect(install()).rejects.toThrow(new RegExp(`has SHA-256 [0-9a-f]{64}, expected ${WHEEL.sha256}`));
    expect(leftBehind()).toEqual([]);
  });

  test('aborted while downloading: ends at once, nothing left', async () => {
    vi.stubEnv('PATH', programs({ 'g++': 'exit 0', python3: '[ "$3" = --version ] || exec /bin/sleep 60' }));
    const controller = new AbortController();
    const reason = new Error('interrupted');
    const onProgress = (note: string) => {
      if (note.startsWith('downloading')) setTimeout(() => controller.abort(reason), 50);
    };
    await expect(installNative({ home, signal: controller.signal, onProgress })).rejects.toBe(reason);
    expect(leftBehind()).toEqual([]);
  });

  test('what a killed build left is removed by the next one', async () => {
    // The largest process number possible plus one: nobody has it.
    const leftover = `${nativeFolder(home)}.partial-4194305`;
    mkdirSync(leftover, { recursive: true });
    vi.stubEnv('PATH', programs({ 'g++': 'exit 0', python3: '[ "$3" = --version ]' }));
    await expect(install()).rejects.toThrow(/could not download/);
    expect(leftBehind()).toEqual([]);
  });
});

test('a build counts once its folder is in place, and can be removed', async () => {
  expect(nativeStatus(home)).toMatchObject({ installed: false, why: expect.stringContaining('engine install') });
  mkdirSync(nativeFolder(home), { recursive: true });
  writeFileSync(join(nativeFolder(home), ADDON), 'addon');
  expect(nativeStatus(home)).toMatchObject({ installed: true, bytes: 5 });
  expect(await installNative({ home })).toMatchObject({ built: false });
  expect(removeNative(home)).toBe(5);
  expect(nativeStatus(home).installed).toBe(false);
  expect(removeNative(home)).toBe(0);
});
