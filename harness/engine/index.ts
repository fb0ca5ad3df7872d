/**
 * Choosing and loading an engine: the TensorFlow.js backend that computes everything in a process.
 *
 * Choosing needs no TensorFlow.js in memory, so that a command line can answer at once.
 */
import type { EngineIdentity } from '../contracts.ts';
import { UsageError } from '../errors.ts';
import { cpu } from './cpu.ts';
import type { Engine, EngineName, EnginePresence } from './engine.ts';
import type { Momentum } from './momentum.ts';
import type { Programs } from './program.ts';
import { tensorflow } from './tensorflow.ts';
import { tensorflowGpu } from './tensorflow-gpu.ts';
import { wasm } from './wasm.ts';
import { webgpu } from './webgpu.ts';

export type { EngineName, EnginePresence } from './engine.ts';

/** Fastest first: the order in which one is chosen. */
const ENGINES: readonly Engine[] = [tensorflowGpu, tensorflow, webgpu, wasm, cpu];

/**
 * Environment of a process that must give the same bits whatever runs beside it: one thread.
 * Must be set before the process starts.
 */
export const singleThreadedEnv: Record<string, string> = {
  OMP_NUM_THREADS: '1',
  TF_NUM_INTRAOP_THREADS: '1',
  TF_NUM_INTEROP_THREADS: '1',
  TF_CPP_MIN_LOG_LEVEL: '2',
};

/** Every engine known, fastest first, and whether it can be used here. */
export async function enginesPresent(): Promise<({ readonly name: EngineName } & EnginePresence)[]> {
  return Promise.all(ENGINES.map(async (engine) => ({ name: engine.name, ...(await engine.probe()) })));
}

/**
 * The engine asked for (argument, then ATTRIBENCH_ENGINE), or the fastest present, and why.
 * Errors: UsageError for an unknown or absent engine, saying how to get it.
 */
export async function chooseEngine(requested?: string): Promise<{ identity: EngineIdentity; why: string }> {
  const environment = process.env.ATTRIBENCH_ENGINE || undefined;
  const name = requested ?? environment;
  if (name !== undefined) {
    const { engine, presence } = await find(name);
    const asked = requested === undefined ? 'asked for by ATTRIBENCH_ENGINE' : 'asked for by name';
    return { identity: { name: engine.name, version: presence.version }, why: `${asked}; ${presence.why}` };
  }
  const missing: string[] = [];
  for (const engine of ENGINES) {
    if (engine.onlyByName) continue;
    const { present, version, why } = await engine.probe();
    if (present) {
      const faster = missing.length === 0 ? '' : `; faster but absent: ${missing.join('; ')}`;
      return { identity: { name: engine.name, version }, why: `the fastest engine here, ${why}${faster}` };
    }
    missing.push(`${engine.name} (${why})`);
  }
  throw new UsageError(`[attribench] no engine is present: ${missing.join('; ')}`);
}

interface Loading {
  readonly name: string;
  readonly identity: Promise<EngineIdentity>;
}

let loaded: Loading | undefined;

/**
 * Loads an engine into this process and makes it the current TensorFlow.js backend.
 * Loading the current engine again does nothing, unless it is broken: then it is loaded anew.
 * Errors: UsageError for an unknown or absent engine.
 */
export async function loadEngine(name: string): Promise<EngineIdentity> {
  if (loaded?.name === name && engineBroken() === undefined) return loaded.identity;
  const before = loaded;
  const identity = find(name).then(async ({ engine, presence }) => {
    await engine.load();
    return { name: engine.name, version: presence.version };
  });
  const mine = { name, identity };
  loaded = mine;
  identity.catch(() => {
    if (loaded === mine) loaded = before;
  });
  return identity;
}

/** Why the loaded engine computes no longer, such as a lost GPU; undefined while all is well. */
export function engineBroken(): string | undefined {
  return current()?.broken?.();
}

/** Bytes up to which a data set should be kept as one tensor of the loaded engine; 0 where gathering in JavaScript is faster. */
export function keptBytes(): number {
  return current()?.keptBytes?.() ?? 0;
}

/** The memory of a gradient descent as the loaded engine has it of its own; undefined where composed operations do. */
export function ownMomentum(): Momentum | undefined {
  return current()?.momentum?.();
}

/** How the loaded engine runs functions as a whole; undefined where operation by operation is all there is. */
export function ownPrograms(): Programs | undefined {
  return current()?.programs?.();
}

/** Whether all workers share the device that computes an engine's steps: more of them do not compute more. */
export function sharesDevice(name: string): boolean {
  return ENGINES.find((engine) => engine.name === name)?.sharedDevice === true;
}

function current(): Engine | undefined {
  return ENGINES.find((engine) => engine.name === loaded?.name);
}

async function find(name: string): Promise<{ engine: Engine; presence: EnginePresence }> {
  const engine = ENGINES.find((candidate) => candidate.name === name);
  if (engine === undefined) {
    const known = ENGINES.map((candidate) => candidate.name).join(', ');
    throw new UsageError(`[attribench] engine "${name}" is unknown, expected one of: ${known}`);
  }
  const presence = await engine.probe();
  if (!presence.present) throw new UsageError(`[attribench] engine "${name}" is not present: ${presence.why}`);
  return { engine, presence };
}
