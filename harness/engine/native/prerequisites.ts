/** What a build needs of this machine; each thing missing is one sentence. */
import { existsSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { UsageError } from '../../errors.ts';
import { runCommand } from './command.ts';
import type { Native } from './wheel.ts';

export interface Prerequisites {
  readonly compiler: string;
  readonly python: string;
  /** Folder with node_api.h. */
  readonly nodeHeaders: string;
  /** Folder of the addon's C++ sources. */
  readonly sources: string;
}

const AS_BEFORE = 'the wasm engine works without it';

/** Finds compiler, Python with pip, Node's headers and the addon's sources. Errors: UsageError naming what is missing. */
export async function findPrerequisites(native: Native, signal?: AbortSignal): Promise<Prerequisites> {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new UsageError(
      `[attribench] the ${native.name} engine is built on Linux x64 only, this is ${process.platform} ${process.arch}; ${AS_BEFORE}`,
    );
  }
  const missing = (thing: string, remedy: string): never => {
    throw new UsageError(`[attribench] building the ${native.name} engine needs ${thing}: ${remedy}; ${AS_BEFORE}`);
  };
  const sources = addonSources(native.npmPackage);
  if (sources === undefined) {
    return missing(
      `the package ${native.npmPackage}`,
      'it is an optional dependency: run npm ci without --omit=optional',
    );
  }
  const compiler = await firstThatRuns([process.env.CXX, 'g++', 'c++', 'clang++'], ['--version'], signal);
  if (compiler === undefined)
    return missing('a C++ compiler', 'install g++ (Debian, Ubuntu: apt install g++) or set CXX');
  const python = await firstThatRuns([process.env.PYTHON, 'python3', 'python'], ['-m', 'pip', '--version'], signal);
  if (python === undefined)
    return missing('Python with pip', 'install python3-pip or set PYTHON; it fetches the library');
  const nodeHeaders = findNodeHeaders();
  if (nodeHeaders === undefined) {
    return missing("Node's headers (node_api.h)", 'set npm_config_nodedir to the folder that holds include/node');
  }
  return { compiler, python, nodeHeaders, sources };
}

async function firstThatRuns(
  programs: readonly (string | undefined)[],
  args: readonly string[],
  signal?: AbortSignal,
): Promise<string | undefined> {
  for (const program of programs) {
    if (program === undefined || program === '') continue;
    try {
      await runCommand(program, args, { signal, task: `run ${program}` });
      return program;
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
    }
  }
  return undefined;
}

function findNodeHeaders(): string | undefined {
  const prefixes = [process.env.npm_config_nodedir, dirname(dirname(realpathSync(process.execPath)))];
  return prefixes
    .flatMap((prefix) => (prefix === undefined || prefix === '' ? [] : [join(prefix, 'include/node')]))
    .find((folder) => existsSync(join(folder, 'node_api.h')));
}

function addonSources(npmPackage: string): string | undefined {
  try {
    const manifest = createRequire(import.meta.url).resolve(`${npmPackage}/package.json`);
    const folder = join(dirname(manifest), 'binding');
    return existsSync(join(folder, 'tfjs_binding.cc')) ? folder : undefined;
  } catch {
    return undefined;
  }
}
