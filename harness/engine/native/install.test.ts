/** What the installer says and leaves behind when something is missing; no network, no compiler needed. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { UsageError } from '../../errors.ts';
import { installNative } from './install.ts';
import { addonPath, enginesFolder, nativeFolder, nativeStatus, removeNative } from './status.ts';
import { NATIVES, type Native, TENSORFLOW, TENSORFLOW_GPU } from './wheel.ts';

let home: string;

const python = ['/usr/bin/python3', '/usr/local/bin/python3'].find((path) => existsSync(path));

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

function leftBehind(): string[] {
  return existsSync(enginesFolder(home)) ? readdirSync(enginesFolder(home)) : [];
}

describe.runIf(process.platform === 'linux' && process.arch === 'x64').each(NATIVES)('$name on Linux x64', (native) => {
  const install = () => installNative(native, { home });
  const [first] = native.wheels;

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
    const python = `[ "$3" = --version ] && exit 0\nfor last; do :; done\necho fake > "$last/${first?.file}"`;
    vi.stubEnv('PATH', programs({ 'g++': 'exit 0', python3: python }));
    await expect(install()).rejects.toThrow(new RegExp(`has SHA-256 [0-9a-f]{64}, expected ${first?.sha256}`));
    expect(leftBehind()).toEqual([]);
  });

  test('aborted while downloading: ends at once, nothing left', async () => {
    vi.stubEnv('PATH', programs({ 'g++': 'exit 0', python3: '[ "$3" = --version ] || exec /bin/sleep 60' }));
    const controller = new AbortController();
    const reason = new Error('interrupted');
    const onProgress = (note: string) => {
      if (note.startsWith('downloading')) setTimeout(() => controller.abort(reason), 50);
    };
    await expect(installNative(native, { home, signal: controller.signal, onProgress })).rejects.toBe(reason);
    expect(leftBehind()).toEqual([]);
  });

  test('what a killed build left is removed by the next one', async () => {
    // The largest process number possible plus one: nobody has it.
    const leftover = `${nativeFolder(native, home)}.partial-4194305`;
    mkdirSync(leftover, { recursive: true });
    vi.stubEnv('PATH', programs({ 'g++': 'exit 0', python3: '[ "$3" = --version ]' }));
    await expect(install()).rejects.toThrow(/could not download/);
    expect(leftBehind()).toEqual([]);
  });
});

describe.runIf(process.platform === 'linux' && process.arch === 'x64' && python !== undefined)('made wheels', () => {
  const entries = [
    ['tensorflow/libtensorflow_cc.so.2', 'tensorflow/include/tensorflow/c/c_api.h', 'tensorflow/python/no.py'],
    ['nvidia/cuda_nvrtc/lib/libnvrtc.so.12', 'nvidia/cuda_nvrtc/lib/__init__.py', 'nvidia/cuda_nvrtc/include/no.h'],
  ];

  /** The two wheels, and programs that serve them in pip's and the compiler's place. */
  function setUp(compiler: string): Native {
    const shelf = join(home, 'shelf');
    mkdirSync(shelf);
    const wheels = entries.map((names, i) => {
      const file = `made-${i}.whl`;
      const code =
        'import sys, zipfile\nfor name in sys.argv[2:]: zipfile.ZipFile(sys.argv[1], "a").writestr(name, name)';
      execFileSync(python ?? '', ['-c', code, join(shelf, file), ...names]);
      const bytes = readFileSync(join(shelf, file));
      const take = [...(TENSORFLOW_GPU.wheels[0]?.take ?? []), ...(TENSORFLOW_GPU.wheels.at(-1)?.take ?? [])];
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      return { file, requirement: file, bytes: bytes.length, sha256, take };
    });
    const pip = `case "$3" in --version) exit 0;; download) ;; *) exec ${python} "$@";; esac
for last; do :; done
for word; do case "$word" in made-*) /bin/cp "${shelf}/$word" "$last";; esac; done`;
    vi.stubEnv('PATH', programs({ python3: pip, 'g++': `[ "$1" = --version ] && exit 0\n${compiler}` }));
    vi.stubEnv('CXX', '');
    vi.stubEnv('PYTHON', '');
    return { ...TENSORFLOW_GPU, library: '0.0.0', wheels, unpackedBytes: 0 };
  }

  test('lie as their rules say when the addon is compiled; an addon that does not load is refused, nothing left', async () => {
    // The compiler's stand-in writes down what it finds in the engine's folder, and an addon that is none.
    const seen = join(home, 'seen');
    const native = setUp(`for word; do case "$word" in */tfjs_binding.node) addon="$word";; esac; done
folder="\${addon%/*}/.."
(cd "$folder" && /usr/bin/find . -type f) > ${seen}
echo none > "$addon"`);
    const notes: string[] = [];
    const onProgress = (note: string) => notes.push(note);
    await expect(installNative(native, { home, onProgress })).rejects.toThrow(/could not use the addon just built/);
    expect(readFileSync(seen, 'utf8').trim().split('\n').sort()).toEqual([
      './include/attribench_momentum.cc',
      './include/attribench_session_options.h',
      './include/tensorflow/c/c_api.h',
      './nvidia/nvrtc/lib/libnvrtc.so.12',
      './tensorflow/libtensorflow_cc.so.2',
    ]);
    expect(notes[0]).toMatch(/^the tensorflow-gpu engine: \d+ MiB to download, \d+ MiB in /);
    expect(notes.filter((note) => note.startsWith('downloading'))).toEqual([
      expect.stringContaining('(1 of 2) made-0.whl'),
      expect.stringContaining('(2 of 2) made-1.whl'),
    ]);
    expect(leftBehind()).toEqual([]);
  });

  test('the second of another hash: refused, nothing left of the first', async () => {
    const native = setUp('exit 1');
    const wheels = native.wheels.map((wheel, i) => (i === 1 ? { ...wheel, sha256: 'f'.repeat(64) } : wheel));
    await expect(installNative({ ...native, wheels }, { home })).rejects.toThrow(/made-1\.whl has SHA-256/);
    expect(leftBehind()).toEqual([]);
  });

  test('without room: one sentence, nothing left', async () => {
    const native = setUp('exit 1');
    await expect(installNative({ ...native, unpackedBytes: 2 ** 60 }, { home })).rejects.toThrow(
      /^\[attribench\] [^\n]*needs \d+ MiB of room in [^\n]*, \d+ MiB are free$/,
    );
    expect(leftBehind()).toEqual([]);
  });
});

test.each(NATIVES)('a build of $name counts once its folder is in place, and can be removed', async (native) => {
  expect(nativeStatus(native, home)).toMatchObject({
    installed: false,
    why: expect.stringContaining('engine install'),
  });
  const [other] = NATIVES.filter((candidate) => candidate !== native);
  for (const each of [native, other ?? TENSORFLOW]) {
    const addon = addonPath(each, nativeFolder(each, home));
    mkdirSync(dirname(addon), { recursive: true });
    writeFileSync(addon, 'addon');
  }
  expect(nativeStatus(native, home)).toMatchObject({ installed: true, bytes: 5 });
  expect(await installNative(native, { home })).toMatchObject({ built: false });
  expect(removeNative(native, home)).toBe(5);
  expect(nativeStatus(native, home).installed).toBe(false);
  expect(nativeStatus(other ?? TENSORFLOW, home).installed).toBe(true);
  expect(removeNative(native, home)).toBe(0);
});
