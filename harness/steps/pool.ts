/**
 * Runs steps in child processes, one a core, also when there is one worker: the same bits whatever the number.
 *
 * Each worker is a workerpool of one process, so that a single one can be replaced: after it died,
 * after its step was cancelled, and when it has grown, since wasm memory never shrinks. Nothing queues
 * inside workerpool: a job queued behind one whose process dies would wait for ever.
 */
import { createRequire } from 'node:module';
import { availableParallelism, totalmem } from 'node:os';
import { fileURLToPath, pathToFileURL } from 'node:url';
import workerpool from 'workerpool';
import type { Step } from '../contracts.ts';
import { singleThreadedEnv } from '../engine/index.ts';
import { asError, UsageError } from '../errors.ts';
import type { Reply, Report } from './serve-steps.ts';

export interface PoolOptions {
  /** Where the workers write artifacts. */
  readonly storeFolder: string;
  /** Number of processes; by default one a core. */
  readonly workers?: number | undefined;
  /** An engine for every worker to load when the first step arrives, before it has a step of its own. */
  readonly engine?: string | undefined;
  /**
   * Resident bytes above which a worker is replaced after its step; by default its part of a quarter of the machine's
   * memory, and 768 MiB at least.
   */
  readonly memoryLimit?: number;
  /** Takes lines that a person should see: damaged artifacts, stack traces; standard error by default. */
  readonly log?: (line: string) => void;
  /** The workers' program, which calls serveSteps; for tests. */
  readonly program?: URL;
}

/** How a step ended in the pool; missing: an input, by its key, is not in the store (any more). */
export type PoolResult =
  | { readonly status: 'computed'; readonly seconds: number }
  | { readonly status: 'missing'; readonly key: string }
  | { readonly status: 'failed'; readonly error: string };

/** What the caller of a step hears, and its way to stop it. */
export interface StepWatch {
  /** Aborting kills the process that runs the step; `run` then throws the signal's reason. */
  readonly signal: AbortSignal;
  progress?(share: number, note?: string): void;
  /** The worker died, for this reason, and the step runs once more. */
  retried?(reason: string): void;
}

export interface Pool {
  readonly size: number;
  /** Runs a step when a worker is free; a worker's death is retried once, then a failure. */
  run(step: Step, watch: StepWatch): Promise<PoolResult>;
  /** Ends all workers, killing those that still run. */
  close(): Promise<void>;
}

/**
 * What V8 of some version is told in a worker, where other workers want the cores that its own threads take.
 *
 * By itself it marks its heap, of 55 MB once the engine is loaded, every few seconds: 3 to 5 % of a worker's processor time.
 * And that of Node.js 20 compiles a function anew, to run faster, once it ran 66 KiB of bytecode, though most functions of
 * a short job run no longer than that takes: the quick job took 11.9 s [11.3, 12.2] with the flag and 12.3 [11.2, 13.1]
 * without (n = 8 turns, 2 cores of an AMD EPYC). Later versions count otherwise, and refuse the flag.
 */
export function workerFlags(v8: string): readonly string[] {
  const heap = '--initial-old-space-size=256';
  return v8.startsWith('11.3.') ? [heap, '--interrupt-budget=500000'] : [heap];
}

export const WORKER_FLAGS = workerFlags(process.versions.v8);

/** Two workers of this size and their parent stay below 2 GiB. */
const LEAST_MEMORY_LIMIT = 768 * 2 ** 20;
/**
 * Of the machine's memory, what all workers may hold between steps: where there is plenty, a step over thousands of
 * images does not cost the next one a new process, which takes seconds.
 */
const MEMORY_SHARE = 1 / 4;

/** Resident bytes that one of so many workers may hold between steps, on a machine of so many bytes. */
export function memoryLimitOf(workers: number, memory: number): number {
  return Math.max(LEAST_MEMORY_LIMIT, (MEMORY_SHARE * memory) / workers);
}

/** How long a worker may take to end by itself before it is killed. */
const GRACE_MILLISECONDS = 500;

/** A pool of processes; none starts before the first step. Errors: UsageError for a number of workers below 1. */
export function createPool(options: PoolOptions): Pool {
  const workers = options.workers ?? availableParallelism();
  if (!Number.isInteger(workers) || workers < 1) {
    throw new UsageError(`[attribench] workers is ${workers}, expected an integer from 1`);
  }
  const slots = Array.from({ length: workers }, () => new Slot(options, workers));
  const free = [...slots];
  const closing = new AbortController();
  const waiting: ((slot: Slot) => void)[] = [];
  const take = (): Promise<Slot> => {
    const slot = free.shift();
    return slot === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(slot);
  };
  const giveBack = (slot: Slot): void => {
    const next = waiting.shift();
    if (next === undefined) free.push(slot);
    else next(slot);
  };
  return {
    size: slots.length,
    async run(step, watch) {
      for (const slot of slots) slot.warmUp();
      const slot = await take();
      try {
        const signal = AbortSignal.any([watch.signal, closing.signal]);
        return await runWithRetry(slot, step, { ...watch, signal });
      } finally {
        giveBack(slot);
      }
    },
    async close() {
      closing.abort(new Error('[attribench] the pool is closed'));
      await Promise.all(slots.map((slot) => slot.end()));
    },
  };
}

async function runWithRetry(slot: Slot, step: Step, watch: StepWatch): Promise<PoolResult> {
  for (let deaths = 0; ; ) {
    watch.signal.throwIfAborted();
    try {
      return await slot.run(step, watch);
    } catch (thrown) {
      watch.signal.throwIfAborted();
      const error = asError(thrown);
      if (error.message === DIED_IDLE) continue;
      deaths++;
      const cause = causeOfDeath(error.message);
      if (deaths > 1) {
        return { status: 'failed', error: `[attribench] ${step.label}: its worker process died twice (${cause})` };
      }
      watch.retried?.(`its worker process died (${cause})`);
    }
  }
}

/** What workerpool says of a job for a worker that died while it had none. */
const DIED_IDLE = 'Worker is terminated';

/** The exit code or signal, from workerpool's text of several lines. */
function causeOfDeath(message: string): string {
  const signal = /signalCode: `(SIG\w+)`/.exec(message)?.[1];
  const code = /exitCode: `(\d+)`/.exec(message)?.[1];
  return signal ?? (code === undefined ? message : `exit code ${code}`);
}

/** `--import` takes the absolute URL: children also import plugins from projects where tsx does not resolve. */
export const TSX = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
/** worker.ts in the repository, worker.js in the packed package. */
const PROGRAM = new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js', import.meta.url);

/** Compiled workers need no loader until a step has a plugin in TypeScript, and get it then. */
const loaderOf = (program: URL): readonly string[] => (program.pathname.endsWith('.ts') ? ['--import', TSX] : []);

type WorkerPool = ReturnType<typeof workerpool.pool>;

/** One worker process, started when needed and replaced when it must be. */
class Slot {
  readonly #options: PoolOptions;
  readonly #memoryLimit: number;
  #pool: WorkerPool | undefined;
  /** Resolves when the process has loaded the engine, or failed to: then its first step says why. */
  #warm: Promise<unknown> = Promise.resolve();
  #warmedUp = false;
  /** Processes that are on their way out. */
  readonly #ending = new Set<Promise<unknown>>();

  constructor(options: PoolOptions, workers: number) {
    this.#options = options;
    this.#memoryLimit = memoryLimitOf(workers, totalmem());
  }

  /** Starts the process for the first time, where it has an engine to load meanwhile. */
  warmUp(): void {
    if (this.#warmedUp || this.#options.engine === undefined) return;
    this.#start();
  }

  #start(): WorkerPool {
    if (this.#pool !== undefined) return this.#pool;
    const program = this.#options.program ?? PROGRAM;
    const pool = workerpool.pool(fileURLToPath(program), {
      maxWorkers: 1,
      workerType: 'process',
      workerTerminateTimeout: GRACE_MILLISECONDS,
      forkArgs: [String(process.pid)],
      forkOpts: {
        execArgv: [...WORKER_FLAGS, ...loaderOf(program)],
        env: { ...process.env, ...singleThreadedEnv },
        serialization: 'advanced',
      },
    });
    const { engine } = this.#options;
    this.#warmedUp = true;
    this.#pool = pool;
    this.#warm = engine === undefined ? Promise.resolve() : settled(pool.exec('warm', [engine]));
    return pool;
  }

  /** Runs a step; throws when the process dies, and replaces it. */
  async run(step: Step, watch: StepWatch): Promise<PoolResult> {
    const { storeFolder, memoryLimit = this.#memoryLimit, log = console.error } = this.#options;
    let pid: number | undefined;
    const on = (report: Report) => {
      if (report.type === 'started') pid = report.pid;
      else if (report.type === 'progress') watch.progress?.(report.share, report.note);
      else log(report.line);
    };
    const stop = () => {
      if (pid !== undefined) kill(pid);
      this.#discard();
    };
    try {
      const pool = this.#start();
      watch.signal.addEventListener('abort', stop, { once: true });
      await this.#warm;
      watch.signal.throwIfAborted();
      const { memory, ...result }: Reply = await pool.exec('run', [step, storeFolder], { on });
      if (memory > memoryLimit) this.#discard();
      return result;
    } catch (thrown) {
      this.#discard();
      throw thrown;
    } finally {
      watch.signal.removeEventListener('abort', stop);
    }
  }

  /** Ends the process, by force if it runs a step, and waits until it and its predecessors are gone. */
  async end(): Promise<void> {
    this.#discard();
    await Promise.all(this.#ending);
  }

  #discard(): void {
    const pool = this.#pool;
    if (pool === undefined) return;
    this.#pool = undefined;
    const ended = settled(pool.terminate(true)).finally(() => this.#ending.delete(ended));
    this.#ending.add(ended);
  }
}

/** Waits for workerpool's own kind of promise, whatever comes of it. */
function settled(promise: ReturnType<WorkerPool['exec']> | ReturnType<WorkerPool['terminate']>): Promise<void> {
  return new Promise((resolve) => {
    promise.then(
      () => resolve(),
      () => resolve(),
    );
  });
}

/** Kills a process that may be gone already. */
function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ESRCH') throw cause;
  }
}
