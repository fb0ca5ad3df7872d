/**
 * A WebGPU adapter for tests: the GPU that is here, or the one that ATTRIBENCH_WEBGPU_ADAPTER names.
 *
 * Without either it is SwiftShader, Chromium's software GPU: from an installed Chromium, or from Debian's package
 * chromium-common, fetched by apt-get and unpacked into the cache folder (32 MB; nothing is installed).
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { homeFolder } from '../../project.ts';
import { ADAPTER_VARIABLE, namedAdapter, searchAdapter } from '../webgpu/adapter.ts';

const DRIVER = 'vk_swiftshader_icd.json';
const LIBRARY = 'libvulkan.so.1';

/** An adapter and what a process needs in its environment to find it. */
export interface AdapterFound {
  readonly title: string;
  readonly environment: Record<string, string>;
}

/** The adapter for tests, or why there is none. */
export async function adapterForTests(): Promise<AdapterFound | string> {
  const here = await searchAdapter();
  if (here.found) return { title: here.title, environment: {} };
  if (namedAdapter() !== undefined) return here.why;
  const folder = findDriver() ?? fetchDriver();
  if (folder === undefined) return `${here.why}, and SwiftShader could not be fetched (Debian's chromium-common)`;
  return {
    title: 'SwiftShader, for want of a GPU',
    environment: {
      VK_ICD_FILENAMES: join(folder, DRIVER),
      // Where the system has no Vulkan loader, Chromium's own serves.
      LD_LIBRARY_PATH: [folder, process.env.LD_LIBRARY_PATH].filter(Boolean).join(':'),
      [ADAPTER_VARIABLE]: 'SwiftShader',
    },
  };
}

function findDriver(): string | undefined {
  return ['/usr/lib/chromium', cacheFolder()].find((folder) =>
    [DRIVER, LIBRARY].every((file) => existsSync(join(folder, file))),
  );
}

function cacheFolder(): string {
  return join(homeFolder(), 'engines/swiftshader');
}

/** Debian's package, unpacked: only its folder of libraries is kept. */
function fetchDriver(): string | undefined {
  if (process.platform !== 'linux') return undefined;
  const target = cacheFolder();
  mkdirSync(dirname(target), { recursive: true });
  const work = mkdtempSync(`${target}-`);
  try {
    if (!succeeds('apt-get', ['download', 'chromium-common'], work)) return undefined;
    const archive = readdirSync(work).find((name) => name.endsWith('.deb'));
    if (archive === undefined || !succeeds('dpkg-deb', ['-x', archive, 'root'], work)) return undefined;
    rmSync(target, { recursive: true, force: true });
    renameSync(join(work, 'root/usr/lib/chromium'), target);
    return findDriver();
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function succeeds(program: string, args: readonly string[], cwd: string): boolean {
  return spawnSync(program, args, { cwd, stdio: 'ignore' }).status === 0;
}
