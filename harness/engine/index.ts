/**
 * Choosing and loading an engine: the TensorFlow.js backend that computes everything in a process.
 *
 * Choosing needs no TensorFlow.js in memory, so that a command line can answer at once. A GPU engine
 * is one more file with an `Engine` in it and one more line in ENGINES.
 */
import type { EngineIdentity } from '../contracts.ts';
import { UsageError } from '../errors.ts';
import { cpu } from './cpu.ts';
import type { Engine, EngineName, EnginePresence } from './engine.ts';
import { tensorflow } from './tensorflow.ts';
import { wasm } from './wasm.ts';

export type { EngineName, EnginePresence } from './engine.ts';

/** Fastest first: the order in which one is chosen. */
const ENGINES: readonly Engine[] = [tensorflow, wasm, cpu];

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
  return ENGINES.map((engine) => ({ name: engine.name, ...engine.probe() }));
}

/**
 * The engine asked for (argument, then ATTRIBENCH_ENGINE), or the fastest present, and why.
 * Errors: UsageError for an unknown or absent engine, saying how to get it.
 */
export async function chooseEngine(requested?: string): Promise<{ identity: EngineIdentity; why: string }> {
  const environment = process.env.ATTRIBENCH_ENGINE || undefined;
  const name = requested ?? environment;
  if (name !== undefined) {
    const { engine, presence } = find(name);
    const asked = requested === undefined ? 'asked for by ATTRIBENCH_ENGINE' : 'asked for by name';
    return { identity: { name: engine.name, version: presence.version }, why: `${asked}; ${presence.why}` };
  }
  const missing: string[] = [];
  for (const engine of ENGINES) {
    const { present, version, why } = engine.probe();
    if (present) {
      const faster = missing.length === 0 ? '' : `; faster but absent: ${missing.join('; ')}`;
      return { identity: { name: engine.name, version }, why: `the fastest engine here, ${why}${faster}` };
    }
    missing.push(`${engine.name} (${why})`);
  }
  throw new UsageError(`[attribench] no engine is present: ${missing.join('; ')}`);
}

let loaded: Promise<EngineIdentity> | undefined;
let loadedName: string | undefined;

/**
 * Loads an engine into this process and makes it the current TensorFlow.js backend.
 * Loading the current engine again does nothing. Errors: UsageError for an unknown or absent engine.
 */
export async function loadEngine(name: string): Promise<EngineIdentity> {
  const { engine, presence } = find(name);
  if (loaded === undefined || loadedName !== name) {
    loadedName = name;
    loaded = engine.load().then(() => ({ name: engine.name, version: presence.version }));
    loaded.catch(() => {
      loaded = undefined;
    });
  }
  return loaded;
}

function find(name: string): { engine: Engine; presence: EnginePresence } {
  const engine = ENGINES.find((candidate) => candidate.name === name);
  if (engine === undefined) {
    const known = ENGINES.map((candidate) => candidate.name).join(', ');
    throw new UsageError(`[attribench] engine "${name}" is unknown, expected one of: ${known}`);
  }
  const presence = engine.probe();
  if (!presence.present) throw new UsageError(`[attribench] engine "${name}" is not present: ${presence.why}`);
  return { engine, presence };
}
