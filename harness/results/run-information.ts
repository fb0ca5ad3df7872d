/**
 * Provenance: the machine, versions and commit behind a record. Never compared, never part of a key.
 */
import { execFile } from 'node:child_process';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { promisify } from 'node:util';
import type { EngineIdentity, RunInformation } from '../contracts.ts';

const GIB = 2 ** 30;

/** What stays the same over a run. */
export type Environment = Pick<RunInformation, 'machine' | 'versions' | 'git'>;

/**
 * The machine, versions and commit here.
 *
 * `versions` are the caller's (attribench, TensorFlow.js); Node's and the engine's (where not null) are added. `root` is the
 * folder whose commit counts; without a repository or without git, `git` is null.
 */
export async function describeEnvironment(
  root: string,
  engine: EngineIdentity | null,
  versions: { readonly [name: string]: string } = {},
): Promise<Environment> {
  const processors = cpus();
  // A container's limit, where there is one, is what the run could use; 0 means none.
  const memory = Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY);
  return {
    machine: {
      cpu: processors[0]?.model.trim() || 'unknown',
      cores: availableParallelism(),
      memoryGiB: Math.round((memory / GIB) * 10) / 10,
      platform: `${process.platform}-${process.arch}`,
    },
    versions: {
      node: process.versions.node,
      ...(engine === null ? {} : { [`engine ${engine.name}`]: engine.version }),
      ...versions,
    },
    git: await commit(root),
  };
}

/** The companion of the record with this key; `seconds` by step kind. */
export function runInformation(
  key: string,
  seconds: RunInformation['seconds'],
  environment: Environment,
  finished: Date = new Date(),
): RunInformation {
  return { schema: 1, key, finished: finished.toISOString(), ...environment, seconds };
}

/** The checked-out commit, with `-dirty` where tracked files differ from it. */
async function commit(root: string): Promise<string | null> {
  const git = async (...args: readonly string[]) =>
    (await promisify(execFile)('git', ['-C', root, ...args])).stdout.trim();
  try {
    const sha = await git('rev-parse', 'HEAD');
    return (await git('status', '--porcelain', '--untracked-files=no')) === '' ? sha : `${sha}-dirty`;
  } catch {
    // No git here, or no repository: provenance without a commit is still provenance.
    return null;
  }
}
