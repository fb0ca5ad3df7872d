/** What every engine offers; one file an engine, each under 60 lines. */
import type { Momentum } from './momentum.ts';
import type { Programs } from './program.ts';

export type EngineName = 'tensorflow' | 'tensorflow-gpu' | 'webgpu' | 'wasm' | 'cpu';

export interface EnginePresence {
  readonly present: boolean;
  /** Of the package, the native library and our kernel repairs; what a stored number depends on. */
  readonly version: string;
  /** Why it is usable, or what is missing and how to get it; half a sentence. */
  readonly why: string;
}

export interface Engine {
  readonly name: EngineName;
  /** Used when it is asked for, never chosen. */
  readonly onlyByName?: true;
  /** Its steps wait for a device that all workers share, not for the core of their worker. */
  readonly sharedDevice?: true;
  /** Whether it can be loaded here; loads no TensorFlow.js. */
  probe(): EnginePresence | Promise<EnginePresence>;
  /** Registers the backend and its repaired kernels in this process, and makes it the current one. */
  load(): Promise<void>;
  /**
   * Bytes up to which a data set is kept as one tensor of the loaded engine, whose batches are gathered
   * there; absent where gathering in JavaScript is faster.
   */
  keptBytes?(): number;
  /** The memory of a gradient descent whose steps are faster than composed ones, and the same; once it is loaded. */
  momentum?(): Momentum | undefined;
  /** How it runs functions as a whole, once it is loaded; absent where operation by operation is all there is. */
  programs?(): Programs | undefined;
  /** Why it computes no longer, such as a lost GPU; loading it again repairs it. */
  broken?(): string | undefined;
}

/** The version of the pinned TensorFlow.js packages. */
export const TFJS_VERSION = '4.22.0';
