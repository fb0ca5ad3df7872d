/**
 * Building the tensorflow engine: a pinned libtensorflow from PyPI, and tfjs-node's addon compiled
 * against it. The package's own install script fetches libtensorflow 2.9.1 from a host that is often
 * blocked; the addon uses the C interface alone, so a current library serves and is faster.
 *
 * Everything happens in a folder of its own; the last act is to rename it. So an interrupted build is
 * no build, and two builds at once are harmless.
 */

import { createHash } from 'node:crypto';
import { createReadStream, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, extname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { UsageError } from '../../errors.ts';
import { runCommand } from './command.ts';
import { findPrerequisites, type Prerequisites } from './prerequisites.ts';
import { ADDON, enginesFolder, folderBytes, type NativeStatus, nativeFolder, nativeStatus } from './status.ts';
import { HEADERS, LIBRARIES, WHEEL } from './wheel.ts';

export interface InstallOptions {
  /** One short sentence at each stage, and while downloading. */
  readonly onProgress?: (note: string) => void;
  readonly signal?: AbortSignal;
  /** The cache folder; by default the project's. */
  readonly home?: string;
}

/** How an installation ended. `built` is false where there was nothing to do. */
export type Installation = Extract<NativeStatus, { installed: true }> & { readonly built: boolean };

const MEBIBYTE = 2 ** 20;

/**
 * Builds the tensorflow engine into the cache folder unless it is there; about 20 s and 230 MB of download.
 * Errors: UsageError in one sentence (no compiler, Python, network or Linux x64; a wrong hash; a failed
 * self-test); the signal's reason when aborted. Nothing is left behind then.
 */
export async function installNative(options: InstallOptions = {}): Promise<Installation> {
  const { signal, home } = options;
  const report = options.onProgress ?? (() => {});
  const before = nativeStatus(home);
  if (before.installed) return { ...before, built: false };
  const tools = await findPrerequisites(signal);
  removeLeftovers(enginesFolder(home));
  const final = nativeFolder(home);
  const folder = `${final}.partial-${process.pid}`;
  mkdirSync(folder, { recursive: true });
  try {
    await fetchLibrary(folder, tools, report, signal);
    report('compiling the addon');
    await compileAddon(folder, tools, signal);
    report('testing a multiplication and a convolution gradient');
    await selfTest(folder, signal);
    signal?.throwIfAborted();
    publish(folder, final);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const after = nativeStatus(home);
  if (!after.installed) throw new Error(`[attribench] the tensorflow engine vanished from ${final} after its build`);
  return { ...after, built: true };
}

async function fetchLibrary(
  folder: string,
  { python }: Prerequisites,
  report: (note: string) => void,
  signal: AbortSignal | undefined,
): Promise<void> {
  const download = join(folder, 'download');
  mkdirSync(download);
  const total = Math.round(WHEEL.bytes / MEBIBYTE);
  report(`downloading ${WHEEL.file} (${total} MiB)`);
  const watch = setInterval(() => {
    report(`downloading: ${Math.min(total, Math.round(folderBytes(download) / MEBIBYTE))} of ${total} MiB`);
  }, 2000);
  try {
    const pip = ['-m', 'pip', 'download', ...WHEEL.pip, '--no-deps', '--only-binary=:all:', '--no-cache-dir'];
    await runCommand(python, [...pip, '--quiet', '--disable-pip-version-check', '--dest', download], {
      signal,
      task: 'download the library with pip (is a package index reachable?)',
      env: { TMPDIR: download },
    });
  } finally {
    clearInterval(watch);
  }
  const wheel = join(download, WHEEL.file);
  if (!existsSync(wheel)) throw new UsageError(`[attribench] pip brought no ${WHEEL.file}, expected exactly that file`);
  report('checking its hash');
  const hash = createHash('sha256');
  await pipeline(createReadStream(wheel), hash, { ...(signal && { signal }) });
  const sha256 = hash.digest('hex');
  if (sha256 !== WHEEL.sha256) {
    throw new UsageError(`[attribench] ${WHEEL.file} has SHA-256 ${sha256}, expected ${WHEEL.sha256}`);
  }
  report('unpacking');
  await runCommand(python, ['-c', UNPACK, wheel, folder, JSON.stringify({ LIBRARIES, HEADERS })], {
    signal,
    task: 'unpack the library',
  });
  rmSync(download, { recursive: true });
}

/** Python: the libraries go to the folder itself, the headers to include/. */
const UNPACK = `
import json, os, shutil, sys, zipfile
wheel, folder, wanted = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
with zipfile.ZipFile(wheel) as archive:
    for name in archive.namelist():
        if name.startswith('tensorflow/') and name[len('tensorflow/'):] in wanted['LIBRARIES']:
            target = os.path.join(folder, os.path.basename(name))
        elif not name.endswith('/') and any(name.startswith(prefix) for prefix in wanted['HEADERS']):
            target = os.path.join(folder, 'include', name[len('tensorflow/include/'):])
        else:
            continue
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with archive.open(name) as source, open(target, 'wb') as sink:
            shutil.copyfileobj(source, sink, 1 << 20)
`;

async function compileAddon(folder: string, tools: Prerequisites, signal: AbortSignal | undefined): Promise<void> {
  const include = join(folder, 'include');
  const files = ['tfjs_backend.cc', 'tfjs_binding.cc'].map((file) => join(tools.sources, file));
  const args = ['-std=c++17', '-O2', '-shared', '-fPIC', '-DNAPI_VERSION=8'];
  args.push(`-I${tools.nodeHeaders}`, `-I${include}`, `-I${dirname(tools.sources)}`, ...files);
  args.push('-o', join(folder, ADDON), `-L${folder}`, ...LIBRARIES.map((library) => `-l:${library}`));
  args.push('-Wl,-rpath,$ORIGIN');
  await runCommand(tools.compiler, args, { signal, task: 'compile the addon' });
  rmSync(include, { recursive: true });
}

async function selfTest(folder: string, signal: AbortSignal | undefined): Promise<void> {
  // The test stands beside this file, with the same extension: sources in the repository, compiled in the package.
  const extension = extname(import.meta.url);
  const file = fileURLToPath(new URL(`./self-test${extension}`, import.meta.url));
  const loader =
    extension === '.ts' ? ['--import', pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href] : [];
  await runCommand(process.execPath, [...loader, file, join(folder, ADDON)], {
    signal,
    task: 'use the addon just built',
  });
}

function publish(folder: string, final: string): void {
  try {
    renameSync(folder, final);
  } catch (cause) {
    // Another process was faster: its build is as good as this one.
    if (!existsSync(join(final, ADDON))) {
      throw new UsageError(`[attribench] could not move the tensorflow engine to ${final}`, { cause });
    }
  }
}

/** Removes what killed builds left; folders of builds that still run stay. */
function removeLeftovers(engines: string): void {
  if (!existsSync(engines)) return;
  for (const name of readdirSync(engines)) {
    const builder = /\.partial-(\d+)$/.exec(basename(name))?.[1];
    if (builder !== undefined && !isAlive(Number(builder)))
      rmSync(join(engines, name), { recursive: true, force: true, maxRetries: 5 });
  }
}

function isAlive(pid: number): boolean {
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
