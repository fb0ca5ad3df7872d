/**
 * Independent trainings in processes of their own, one a core: the same bits whatever their number.
 *
 * Trainings here are data (settings and a number), so a process needs no more than a message; nothing is
 * stored, and an interrupted study starts again.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { singleThreadedEnv } from '../../harness/engine/index.ts';
import type { Trained, TrainingSettings } from './train.ts';

export interface TrainingJob {
  readonly settings: TrainingSettings;
  /** Number of the training, from 0. */
  readonly training: number;
}

/** What a process says of its job: how far it is, then the outcome. */
export type TrainingAnswer = { readonly share: number } | { readonly trained: Trained } | { readonly error: string };

/** train-worker.ts in the repository, train-worker.js in the packed package. */
const PROGRAM = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? './train-worker.ts' : './train-worker.js', import.meta.url),
);
const TSX = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;

/**
 * The trained networks, in the order of the jobs; long jobs are begun first.
 *
 * @throws what the first failing training threw, or the signal's reason; all processes are ended either way.
 */
export async function trainAll(
  jobs: readonly TrainingJob[],
  options: {
    readonly engine: string;
    readonly signal: AbortSignal;
    readonly workers?: number | undefined;
    progress(share: number, note: string): void;
  },
): Promise<readonly Trained[]> {
  const { engine, signal, workers = availableParallelism(), progress } = options;
  signal.throwIfAborted();
  const costs = jobs.map(({ settings }) => costOf(settings));
  const queue = jobs.map((_, at) => at).sort((a, b) => (costs[b] ?? 0) - (costs[a] ?? 0) || a - b);
  const shares = new Float64Array(jobs.length);
  const total = costs.reduce((sum, cost) => sum + cost, 0);
  const results: Trained[] = [];
  const processes: ChildProcess[] = [];
  try {
    await Promise.all(
      Array.from({ length: Math.min(workers, jobs.length) }, async () => {
        const child = fork(PROGRAM, [engine], {
          execArgv: ['--import', TSX],
          env: { ...process.env, ...singleThreadedEnv },
          serialization: 'advanced',
        });
        processes.push(child);
        for (let at = queue.shift(); at !== undefined; at = queue.shift()) {
          const job = jobs[at] as TrainingJob;
          const here = at;
          results[at] = await answer(child, job, signal, (share) => {
            shares[here] = share;
            const done = shares.reduce((sum, part, i) => sum + part * (costs[i] ?? 0), 0);
            progress(done / total, describe(job));
          });
        }
      }),
    );
    return results;
  } finally {
    for (const child of processes) child.kill();
  }
}

/** Sends a job and waits for its outcome. */
function answer(
  child: ChildProcess,
  job: TrainingJob,
  signal: AbortSignal,
  progress: (share: number) => void,
): Promise<Trained> {
  return new Promise((resolve, reject) => {
    const finish = (settle: () => void) => {
      child.off('message', onMessage);
      child.off('exit', onExit);
      signal.removeEventListener('abort', onAbort);
      settle();
    };
    const onMessage = (message: TrainingAnswer) => {
      if ('share' in message) progress(message.share);
      else if ('trained' in message) {
        progress(1);
        finish(() => resolve(message.trained));
      } else finish(() => reject(new Error(message.error)));
    };
    const onExit = (code: number | null, killedBy: string | null) =>
      finish(() =>
        reject(new Error(`[attribench] ${describe(job)}: its process ended with ${killedBy ?? `exit code ${code}`}`)),
      );
    const onAbort = () => finish(() => reject(signal.reason));
    child.on('message', onMessage);
    child.on('exit', onExit);
    signal.addEventListener('abort', onAbort);
    child.send(job);
  });
}

/** In arbitrary units: a step has a fixed cost and one that grows with the width, and the adversary takes eight more gradients. */
function costOf({ width, steps, eps }: TrainingSettings): number {
  return steps * (3000 + width) * (eps === 0 ? 1 : 5);
}

function describe({ settings: { model, width, steps, eps }, training }: TrainingJob): string {
  const name = model === 'linear' ? 'linear' : `width ${width}`;
  return `${name}, eps ${eps}, ${steps} steps, training ${training + 1}`;
}
