/**
 * What stacks of a network cost here: measured once an engine's version, machine and shape, in a process of its own, and
 * kept in the project's cache folder, so that later runs choose alike. Never part of a key or a record.
 */
import { execFile } from 'node:child_process';
import { mkdir, readFile } from 'node:fs/promises';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import writeFileAtomic from 'write-file-atomic';
import type { EngineIdentity } from '../contracts.ts';
import { singleThreadedEnv } from '../engine/index.ts';
import { fingerprint } from '../fingerprint.ts';
import { homeFolder } from '../project.ts';
import { TSX } from '../steps/pool.ts';
import type { MeasuredNetwork, StackTimings } from '../training/stack-rule.ts';

const FILE = 'stacking.json';
const PROGRAM = new URL(
  import.meta.url.endsWith('.ts') ? './measure-stacks.ts' : './measure-stacks.js',
  import.meta.url,
);

/** Raised when training has become faster or slower in a way that moves the choice. */
const REVISION = 1;

/**
 * The timings of a network's stacks: those kept, else measured now and kept.
 * Errors: what the measuring process says, or the signal's reason.
 */
export async function stackTimings(
  engine: EngineIdentity,
  network: MeasuredNetwork,
  { signal, home = homeFolder() }: { readonly signal?: AbortSignal | undefined; readonly home?: string } = {},
): Promise<StackTimings> {
  const name = nameOf(engine, network);
  const kept = (await readKept(home))[name];
  if (kept !== undefined) return kept;
  const measured = await measure(engine.name, network, signal);
  await mkdir(home, { recursive: true });
  await writeFileAtomic(
    join(home, FILE),
    `${JSON.stringify({ ...(await readKept(home)), [name]: measured }, null, 1)}\n`,
  );
  return measured;
}

/** The shape, in words that a person can find again, and a hash of all that the timings depend on. */
function nameOf({ name, version }: EngineIdentity, { chain, inputShape, batch }: MeasuredNetwork): string {
  const widths = chain.map(({ kernel }) => kernel.shape[1]);
  const layers = chain.map(({ kernel, bias, relu }) => ({ shape: kernel.shape, bias: bias !== null, relu }));
  const machine = { cpu: cpus()[0]?.model ?? 'unknown', cores: availableParallelism() };
  const hash = fingerprint({ revision: REVISION, name, version, machine, layers, inputShape, batch }).slice(0, 12);
  return `${inputShape.join('x')} to ${widths.join(', ')}, batches of ${batch} · ${name} · ${hash}`;
}

async function readKept(home: string): Promise<{ readonly [name: string]: StackTimings }> {
  try {
    const kept: unknown = JSON.parse(await readFile(join(home, FILE), 'utf8'));
    if (typeof kept !== 'object' || kept === null) return {};
    return Object.fromEntries(Object.entries(kept).filter(([, timings]) => isTimings(timings)));
  } catch {
    // Absent or spoilt: it is measured again, and the file written anew.
    return {};
  }
}

function isTimings(value: unknown): value is StackTimings {
  const { milliseconds, bytes } = (value ?? {}) as Partial<StackTimings>;
  if (typeof milliseconds !== 'object' || milliseconds === null || typeof bytes !== 'number') return false;
  const lists: readonly unknown[] = Object.values(milliseconds);
  return (
    '1' in milliseconds && lists.every((list) => Array.isArray(list) && list.length > 0 && list.every(Number.isFinite))
  );
}

async function measure(engine: string, network: MeasuredNetwork, signal?: AbortSignal): Promise<StackTimings> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--import', TSX, fileURLToPath(PROGRAM), engine, JSON.stringify(network)],
    { env: { ...process.env, ...singleThreadedEnv }, ...(signal === undefined ? {} : { signal }) },
  );
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
}
