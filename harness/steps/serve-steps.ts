/**
 * The child's side of the pool: receives a step as JSON, runs it, writes its artifact to the store.
 *
 * Only small JSON crosses the process boundary; bytes go through the store. The child never outlives
 * its parent: an idle one exits when the channel closes (workerpool does that), one in a busy loop is
 * killed by a thread that watches the parent, since nothing else runs while a training step computes.
 */
import { Worker } from 'node:worker_threads';
import workerpool from 'workerpool';
import type { Step } from '../contracts.ts';
import { loadEngine } from '../engine/index.ts';
import { asError, UsageError } from '../errors.ts';
import { MissingInput } from './missing-input.ts';
import type { StepContext } from './run-step.ts';
import { type Artifact, Store } from './store.ts';

/** What the child answers for a step; `memory` is its resident size in bytes afterwards. */
export type Reply = { readonly memory: number } & (
  | { readonly status: 'computed'; readonly seconds: number }
  | { readonly status: 'missing'; readonly key: string }
  | { readonly status: 'failed'; readonly error: string }
);

/** What the child says while it runs a step. */
export type Report =
  | { readonly type: 'started'; readonly pid: number }
  | { readonly type: 'progress'; readonly share: number; readonly note?: string }
  | { readonly type: 'log'; readonly line: string };

export type RunStep = (step: Step, context: StepContext) => Promise<Artifact>;

const WATCH_MILLISECONDS = 250;
const PROGRESS_MILLISECONDS = 100;

/** Makes this process a pool's child that runs steps by `runStep`; the parent's process id is its first argument. */
export function serveSteps(runStep: RunStep): void {
  if (!process.connected) process.exit(1); // the parent died while this process started
  watchParent(Number(process.argv[2]));
  // Ctrl-C reaches the whole process group; the parent alone decides what it means.
  process.on('SIGINT', () => {});
  // An error outside any promise, such as a timer's, ends the process: its step runs once more, then fails.
  process.on('uncaughtException', (thrown) => {
    const { stack, message } = asError(thrown);
    process.stderr.write(`[attribench] thrown where no step could catch it: ${stack ?? message}\n`, () =>
      process.exit(1),
    );
  });
  workerpool.worker({
    warm: async (engine: string) => {
      await loadEngine(engine);
    },
    run: (step: Step, storeFolder: string) => serve(runStep, step, storeFolder),
  });
}

async function serve(runStep: RunStep, step: Step, storeFolder: string): Promise<Reply> {
  emit({ type: 'started', pid: process.pid });
  const log = (line: string) => emit({ type: 'log', line });
  const reply = await compute(runStep, step, storeFolder, log).catch((thrown) => explain(thrown, step, log));
  return { ...reply, memory: process.memoryUsage.rss() };
}

async function compute(runStep: RunStep, step: Step, storeFolder: string, log: (line: string) => void) {
  const store = await Store.open(storeFolder, { onDamage: log });
  await requireEngine(step);
  const start = performance.now();
  let reported = Number.NEGATIVE_INFINITY;
  const artifact = await runStep(step, {
    store,
    signal: new AbortController().signal, // cancelling kills the process
    progress(share, note) {
      const now = performance.now();
      if (now - reported < PROGRESS_MILLISECONDS) return;
      reported = now;
      emit({ type: 'progress', share, ...(note === undefined ? {} : { note }) });
    },
    log,
  });
  const seconds = Math.round(performance.now() - start) / 1000;
  await store.write(step, artifact, { seconds });
  return { status: 'computed', seconds } as const;
}

async function requireEngine({ engine }: Step): Promise<void> {
  if (engine === null) return;
  const { name, version } = await loadEngine(engine.name);
  if (version !== engine.version) {
    throw new UsageError(`[attribench] engine "${name}" is version ${version} here, but ${engine.version} was planned`);
  }
}

/** A step that throws fails; one that lacks an input waits for it. */
function explain(thrown: unknown, step: Step, log: (line: string) => void) {
  if (thrown instanceof MissingInput) return { status: 'missing', key: thrown.key } as const;
  const error = asError(thrown);
  if (error.name !== 'UsageError') log(`[attribench] ${step.label} failed: ${error.stack ?? error.message}`);
  return { status: 'failed', error: error.message } as const;
}

function emit(report: Report): void {
  workerpool.workerEmit(report);
}

/** Kills this process soon after its parent is gone; a thread, because the main one may compute for minutes. */
function watchParent(parent: number): void {
  const watch = `
    const { workerData } = require('node:worker_threads');
    setInterval(() => {
      if (process.ppid !== workerData.parent) process.kill(process.pid, 'SIGKILL');
    }, workerData.every);`;
  new Worker(watch, {
    eval: true,
    execArgv: [],
    workerData: { parent, every: WATCH_MILLISECONDS },
    resourceLimits: { maxYoungGenerationSizeMb: 1, maxOldGenerationSizeMb: 8 },
  }).unref();
}
