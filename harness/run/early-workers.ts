/**
 * Workers that load their engine while a run is still being planned: about as long as the planning itself.
 *
 * Only where nothing was ever computed. Elsewhere a plan may find all that it needs, and then starts nobody.
 */
import { chooseEngine } from '../engine/index.ts';
import { createPool, type Pool, type PoolOptions } from '../steps/pool.ts';
import type { Store } from '../steps/store.ts';

interface EarlyOptions extends Pick<PoolOptions, 'workers' | 'program'> {
  readonly store: Store;
  /** The engine asked for; chosen as a plan chooses it. */
  readonly engine?: string | undefined;
}

/** The pool of a first run, which the caller closes; undefined where something is stored. Errors: those of `chooseEngine`. */
export async function startEarly({ store, engine, ...others }: EarlyOptions): Promise<Pool | undefined> {
  if (!(await store.isEmpty())) return undefined;
  const { identity } = await chooseEngine(engine);
  const pool = createPool({ ...others, engine: identity.name, storeFolder: store.folder });
  pool.warmUp();
  return pool;
}
