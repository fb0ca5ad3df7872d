/**
 * Which steps to run, and when: backward from the steps wanted, then forward on all workers.
 *
 * A step whose artifact is stored needs none of its inputs. Of the steps that can run, the one with
 * the longest path to an end goes first (by estimated cost, then by key), which keeps all workers
 * busy to the last. A failed step fails what rests on it and nothing else.
 */
import type { Step } from '../contracts.ts';
import { asError } from '../errors.ts';
import type { Pool, PoolResult } from './pool.ts';
import type { Store } from './store.ts';

/** How a step ended in this run; `seconds` is what computing took, 0 where nothing was computed or read. */
export type StepResult =
  | { readonly status: 'stored' | 'computed'; readonly seconds: number }
  /** The label of the step that failed (this one, or one that it rests on) and what it said. */
  | { readonly status: 'failed'; readonly step: string; readonly error: string; readonly seconds: number };

/** What happens to a step while a run goes on. */
export interface StepEvent {
  readonly step: Step;
  readonly state: 'started' | 'progress' | 'computed' | 'stored' | 'retried' | 'failed';
  /** Share done, 0 to 1, with 'progress'. */
  readonly share?: number;
  /** A few words with 'progress', the reason with 'retried'. */
  readonly note?: string;
  /** With 'computed' and 'stored': see StepResult. */
  readonly seconds?: number;
  /** With 'failed'. */
  readonly error?: string;
}

export interface ScheduleOptions {
  /** Keys of the steps whose artifacts are wanted; by default those that no other step reads. */
  readonly targets?: ReadonlySet<string>;
  readonly pool: Pick<Pool, 'size' | 'run'>;
  readonly store: Pick<Store, 'has' | 'readHead' | 'sweep'>;
  /** Aborting starts no more steps and kills those that run; what finished is kept. */
  readonly signal?: AbortSignal;
  readonly event?: (event: StepEvent) => void;
  /** Called when a step is stored, computed or failed: once, or again after its artifact was found damaged. */
  readonly settled?: (step: Step, result: StepResult) => void;
}

/** How often a step may find an input damaged before it fails: the disk is broken then. */
const LACKS = 3;

/**
 * Brings the artifacts of the targets into the store; `steps` holds every step that these rest on.
 * Returns the results, by key, of all steps that were looked at. Errors: the signal's reason, when
 * aborted, once nothing runs any more. A failed step is a result, not an error.
 */
export async function runSteps(
  steps: readonly Step[],
  options: ScheduleOptions,
): Promise<ReadonlyMap<string, StepResult>> {
  return await new Schedule(steps, options).run();
}

class Schedule {
  readonly #options: ScheduleOptions;
  readonly #signal: AbortSignal;
  readonly #steps: ReadonlyMap<string, Step>;
  /** Keys of the steps that read a step's artifact. */
  readonly #readers = new Map<string, string[]>();
  readonly #targets: ReadonlySet<string>;

  readonly #results = new Map<string, StepResult>();
  /** Steps to compute that have not started; `#ready` are those of them whose inputs are all there. */
  readonly #waiting = new Set<string>();
  readonly #ready = new Set<string>();
  readonly #running = new Map<string, Promise<void>>();
  /** Seconds from a waiting step's start to the end of the longest chain of waiting steps. */
  #urgency: ReadonlyMap<string, number> = new Map();
  readonly #lacks = new Map<string, number>();

  constructor(steps: readonly Step[], options: ScheduleOptions) {
    this.#options = options;
    this.#signal = options.signal ?? new AbortController().signal;
    this.#steps = new Map(steps.map((step) => [step.key, step]));
    for (const step of this.#steps.values()) {
      for (const input of inputKeys(step)) {
        if (!this.#steps.has(input)) {
          throw new Error(`[attribench] step "${step.label}" reads ${input}, which is not among the steps given`);
        }
        const readers = this.#readers.get(input);
        if (readers === undefined) this.#readers.set(input, [step.key]);
        else readers.push(step.key);
      }
    }
    this.#targets = options.targets ?? new Set([...this.#steps.keys()].filter((key) => !this.#readers.has(key)));
  }

  async run(): Promise<ReadonlyMap<string, StepResult>> {
    await this.#want([...this.#targets]);
    for (;;) {
      while (!this.#signal.aborted && this.#running.size < this.#options.pool.size) {
        const step = this.#mostUrgent();
        if (step === undefined) break;
        this.#start(step);
      }
      if (this.#running.size === 0) break;
      await Promise.race(this.#running.values());
    }
    this.#signal.throwIfAborted();
    if ([...this.#results.values()].some(({ status }) => status === 'computed')) await this.#options.store.sweep();
    return this.#results;
  }

  /** Looks the steps up in the store, and the inputs of those that are not there, and so on. */
  async #want(keys: readonly string[]): Promise<void> {
    const missing: string[] = [];
    for (let level = keys; level.length > 0; ) {
      const stored = await Promise.all(level.map((key) => this.#stored(this.#step(key))));
      const inputs = new Set<string>();
      for (const [i, key] of level.entries()) {
        if (this.#known(key)) continue;
        const seconds = stored[i];
        if (seconds !== undefined) {
          this.#settle(this.#step(key), { status: 'stored', seconds });
          continue;
        }
        this.#waiting.add(key);
        missing.push(key);
        for (const input of inputKeys(this.#step(key))) inputs.add(input);
      }
      level = [...inputs].filter((key) => !this.#known(key));
    }
    for (const key of missing) this.#review(key);
    this.#urgency = this.#urgencies();
  }

  /**
   * Seconds that a stored artifact took, undefined where there is none. The head of a target is read,
   * since that is all that is wanted of it and would not be noticed as damaged later.
   */
  async #stored(step: Step): Promise<number | undefined> {
    const { store } = this.#options;
    if (this.#targets.has(step.key)) return (await store.readHead(step))?.seconds;
    return (await store.has(step)) ? 0 : undefined;
  }

  #known(key: string): boolean {
    return this.#waiting.has(key) || this.#running.has(key) || this.#results.has(key);
  }

  /**
   * Marks a waiting step as ready, or as failed, once all its inputs are settled: of several that failed
   * the first in the step's own order counts, whichever was the faster.
   */
  #review(key: string): void {
    if (!this.#waiting.has(key)) return;
    const step = this.#step(key);
    const inputs = inputKeys(step).map((input) => this.#results.get(input));
    if (inputs.includes(undefined)) return;
    const failed = inputs.find((result) => result?.status === 'failed');
    if (failed?.status === 'failed') this.#fail(step, failed.step, failed.error);
    else this.#ready.add(key);
  }

  #urgencies(): ReadonlyMap<string, number> {
    const urgency = new Map<string, number>();
    const of = (key: string): number => {
      const known = urgency.get(key);
      if (known !== undefined) return known;
      const readers = (this.#readers.get(key) ?? []).filter((reader) => this.#waiting.has(reader));
      const value = this.#step(key).cost + readers.reduce((longest, reader) => Math.max(longest, of(reader)), 0);
      urgency.set(key, value);
      return value;
    };
    for (const key of this.#waiting) of(key);
    return urgency;
  }

  #mostUrgent(): Step | undefined {
    let best: { key: string; urgency: number } | undefined;
    for (const key of this.#ready) {
      const urgency = this.#urgency.get(key) ?? 0;
      if (best === undefined || urgency > best.urgency || (urgency === best.urgency && key < best.key)) {
        best = { key, urgency };
      }
    }
    return best === undefined ? undefined : this.#step(best.key);
  }

  #start(step: Step): void {
    const { pool } = this.#options;
    this.#ready.delete(step.key);
    this.#waiting.delete(step.key);
    this.#tell({ step, state: 'started' });
    const run = pool
      .run(step, {
        signal: this.#signal,
        progress: (share, note) =>
          this.#tell({ step, state: 'progress', share, ...(note === undefined ? {} : { note }) }),
        retried: (note) => this.#tell({ step, state: 'retried', note }),
      })
      .then((result) => this.#finish(step, result))
      .catch((thrown) => {
        if (!this.#signal.aborted) this.#fail(step, step.label, asError(thrown).message);
      })
      .finally(() => this.#running.delete(step.key));
    this.#running.set(step.key, run);
  }

  async #finish(step: Step, result: PoolResult): Promise<void> {
    if (result.status === 'failed') this.#fail(step, step.label, result.error);
    else if (result.status === 'missing') await this.#renew(step, result.key);
    else this.#settle(step, result);
  }

  /** An input turned out damaged: it is computed again, and then the step that reads it. */
  async #renew(step: Step, inputKey: string): Promise<void> {
    const input = this.#step(inputKey);
    const lacks = (this.#lacks.get(step.key) ?? 0) + 1;
    this.#lacks.set(step.key, lacks);
    if (lacks > LACKS) {
      this.#fail(step, step.label, `[attribench] its input "${input.label}" was damaged or lost ${lacks} times`);
      return;
    }
    this.#tell({ step, state: 'retried', note: `its input "${input.label}" was damaged or lost` });
    this.#waiting.add(step.key);
    const found = this.#results.get(inputKey);
    if (found !== undefined && found.status !== 'failed') {
      this.#results.delete(inputKey);
      for (const reader of this.#readers.get(inputKey) ?? []) this.#ready.delete(reader);
      await this.#want([inputKey]);
    }
    this.#review(step.key);
    this.#urgency = this.#urgencies();
  }

  #settle(step: Step, result: StepResult): void {
    this.#results.set(step.key, result);
    if (result.status === 'failed') this.#tell({ step, state: 'failed', error: result.error });
    else this.#tell({ step, state: result.status, seconds: result.seconds });
    this.#options.settled?.(step, result);
    for (const reader of this.#readers.get(step.key) ?? []) this.#review(reader);
  }

  #fail(step: Step, root: string, error: string): void {
    this.#waiting.delete(step.key);
    this.#settle(step, { status: 'failed', step: root, error, seconds: 0 });
  }

  #step(key: string): Step {
    const step = this.#steps.get(key);
    if (step === undefined) throw new Error(`[attribench] step ${key} is not among the steps given`);
    return step;
  }

  #tell(event: StepEvent): void {
    this.#options.event?.(event);
  }
}

function inputKeys(step: Step): readonly string[] {
  return [...new Set(Object.values(step.inputs).map((input) => input.key))];
}
