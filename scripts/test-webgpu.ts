/**
 * `npm run test:webgpu`: the engine suite on a real WebGPU adapter.
 *
 * The adapter is the GPU that is here, or the one that ATTRIBENCH_WEBGPU_ADAPTER names. Without either it is
 * SwiftShader, Chromium's software GPU: from an installed Chromium, or from Debian's package chromium-common,
 * fetched by apt-get and unpacked into the cache folder (32 MB; nothing is installed). Where that is not to be
 * had, one line says so and nothing is tested.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ADAPTER_VARIABLE, namedAdapter, searchAdapter } from '../harness/engine/webgpu/adapter.ts';
import { homeFolder } from '../harness/project.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const DRIVER = 'vk_swiftshader_icd.json';
const LIBRARY = 'libvulkan.so.1';

const environment = await adapterEnvironment();
if (typeof environment === 'string') {
  console.log(`[attribench] the webgpu engine is not tested: ${environment}`);
} else {
  // Shaders compile slowly in software; the bits of the CPU engines are their own tests' business.
  const args = ['run', 'harness/engine/engine.test.ts', 'harness/engine/kernels', 'harness/training/batches.test.ts'];
  const limits = ['--testTimeout', '600000', '--hookTimeout', '600000', '--no-file-parallelism'];
  const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs');
  const { status } = spawnSync(process.execPath, [vitest, ...args, ...limits], {
    cwd: ROOT,
    stdio: 'inherit',
    env: { ...process.env, ...environment },
  });
  process.exitCode = status ?? 1;
}

/** What a process needs in its environment to find an adapter, or why there is none. */
async function adapterEnvironment(): Promise<Record<string, string> | string> {
  const here = await searchAdapter();
  if (here.found) {
    console.log(`[attribench] the webgpu engine is tested on ${here.title}`);
    return {};
  }
  if (namedAdapter() !== undefined) return here.why;
  const folder = findDriver() ?? fetchDriver();
  if (folder === undefined) return `${here.why}, and SwiftShader could not be fetched (Debian's chromium-common)`;
  console.log(`[attribench] no GPU: the webgpu engine is tested on SwiftShader, from ${folder}`);
  return {
    VK_ICD_FILENAMES: join(folder, DRIVER),
    // Where the system has no Vulkan loader, Chromium's own serves.
    LD_LIBRARY_PATH: [folder, process.env.LD_LIBRARY_PATH].filter(Boolean).join(':'),
    [ADAPTER_VARIABLE]: 'SwiftShader',
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
