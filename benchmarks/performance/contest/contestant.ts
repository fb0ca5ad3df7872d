/**
 * A process that computes jobs and times them: one of ours on an engine, or the peers' Python.
 *
 * Requests and answers are lines of JSON, one at a time, so that two contestants never compute at once.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { UsageError } from 'attribench';
import { singleThreadedEnv } from '../../../harness/engine/index.ts';
import { homeFolder } from '../../../harness/project.ts';
import { WORKER_FLAGS } from '../../../harness/steps/pool.ts';
import type { Arithmetic } from './arithmetic.ts';
import type { ContestJob } from './prepare.ts';

/** How a job is run; ours takes its threads at its start, and chooses its batches. */
export interface RunOptions {
  /** So many times in a row, once by default; seconds are those of one time. */
  readonly repeats?: number;
  readonly threads?: number;
  /** About how many images one pass of the network holds. */
  readonly rows?: number;
}

/** What a run took on the wall, and of all processors together. */
export type Seconds = { readonly [clock in Clock]: number };

/** The wall's on a quiet machine; the processors' hardly sees programs beside it, and is fair for one thread alone. */
export type Clock = 'wall' | 'processor';

export interface Contestant {
  readonly name: string;
  prepare(job: ContestJob): Promise<{ readonly [name: string]: string }>;
  /** Runs the prepared job. */
  run(options?: RunOptions): Promise<Seconds>;
  /** Writes what the last run computed as safetensors. */
  save(path: string): Promise<void>;
  end(): Promise<void>;
}

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

/** As the pool starts its workers. */
const program = (engine: string) => [...WORKER_FLAGS, '--import', 'tsx', path('serve.ts'), engine];

/** One of our engines in a process of its own; several threads only where the engine has them. */
export function ours(engine: string, threads: number): Contestant {
  const name = engine === 'tensorflow' ? `${engine}, ${threads} threads` : engine;
  const environment = threads === 1 ? singleThreadedEnv : { TF_CPP_MIN_LOG_LEVEL: '2' };
  return contestant(name, process.execPath, program(engine), environment);
}

/** A process of ours that counts what jobs compute, operation by operation. */
export interface Counter extends Pick<Contestant, 'prepare' | 'end'> {
  /** The products and convolutions of one run of the prepared job. */
  arithmetic(): Promise<Arithmetic>;
}

export function counter(engine: string): Counter {
  const environment = { ...singleThreadedEnv, ATTRIBENCH_GRAPHS: 'off' };
  return contestant(`${engine}, counting`, process.execPath, program(engine), environment);
}

/** PyTorch and captum, installed by `npm run bench:peers`. */
export function peers(): Contestant {
  return contestant('peers', peersPython(), ['-W', 'ignore', path('../../peers/serve.py')]);
}

/** The Python of the peers' virtual environment. Errors: UsageError where it is not installed. */
export function peersPython(): string {
  const python = join(homeFolder(), 'peers', 'bin', 'python');
  if (!existsSync(python)) {
    throw new UsageError(`[attribench] ${python} does not exist: install the peers by npm run bench:peers`);
  }
  return python;
}

/**
 * Several processes as one contestant, each with its part of the job: a run ends when the last of them does.
 *
 * `partOf` gives the part of a member by its place, from 0.
 */
export function team<Job extends ContestJob>(
  members: readonly Contestant[],
  partOf: (job: Job, place: number) => Job,
): Contestant {
  return {
    name: `${members.length} x ${members[0]?.name}`,
    prepare: async (job) => {
      const found = await Promise.all(members.map((member, place) => member.prepare(partOf(job as Job, place))));
      return Object.assign({}, ...found);
    },
    run: async (options) => {
      const started = performance.now();
      const taken = await Promise.all(members.map((member) => member.run(options)));
      const wall = (performance.now() - started) / 1000 / (options?.repeats ?? 1);
      return { wall, processor: taken.reduce((sum, { processor }) => sum + processor, 0) };
    },
    save: () => {
      throw new Error('[attribench] a team keeps its parts apart: save what one contestant computed');
    },
    end: async () => {
      await Promise.all(members.map((member) => member.end()));
    },
  };
}

function contestant(
  name: string,
  command: string,
  args: string[],
  environment: Record<string, string> = {},
): Contestant & Counter {
  const child = spawn(command, args, {
    env: { ...process.env, ...environment },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const ask = async (request: object) => {
    child.stdin.write(`${JSON.stringify(request)}\n`);
    const { value, done } = await lines.next();
    if (done === true) throw new Error(`[attribench] ${name} ended before it answered`);
    const answer = JSON.parse(value);
    if (answer.error !== undefined) throw new Error(`[attribench] ${name}: ${answer.error}`);
    return answer;
  };
  return {
    name,
    prepare: async (job) => (await ask({ prepare: job })).versions,
    run: (options) => ask({ run: options ?? {} }),
    arithmetic: async () => (await ask({ count: true })).arithmetic,
    save: (file) => ask({ save: file }),
    end: () => {
      child.stdin.end();
      return ended;
    },
  };
}
