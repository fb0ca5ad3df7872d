/**
 * `npm run bench:performance`: how fast each engine present computes, on one core.
 *
 * Every engine has a process of its own, single-threaded as the pool's processes are. A training step
 * counts 6 x parameters x batch operations, and is also given as a share of the rate at which the same
 * run multiplied two 1024 x 1024 matrices, and of the fastest product in the table.
 */
import { execFile } from 'node:child_process';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { enginesPresent, singleThreadedEnv } from '../../harness/engine/index.ts';
import type { Timing } from './measure.ts';

const REFERENCE = 'product-1024-1024-1024';

const measure = fileURLToPath(new URL('./measure.ts', import.meta.url));

console.log(
  `${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores, Node ${process.versions.node}; one thread, processor time, medians`,
);
for (const { name, present, version, why } of await enginesPresent()) {
  // Hours of plain JavaScript would tell nobody anything.
  if (name === 'cpu') continue;
  if (!present) {
    console.log(`\n${name}: absent, ${why}`);
    continue;
  }
  console.log(`\n${name} ${version}`);
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', measure, name], {
    env: { ...process.env, ...singleThreadedEnv },
    maxBuffer: 2 ** 24,
  });
  const timings: Timing[] = JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
  for (const timing of timings) console.log(`  ${describe(timing, timings)}`);
}

function describe(timing: Timing, all: readonly Timing[]): string {
  const range = `${milliseconds(timing.fastest)} to ${milliseconds(timing.slowest)} ms, n = ${timing.n}`;
  const line = `${timing.title}: ${milliseconds(timing.median)} ms (${range}), ${rate(timing).toFixed(1)} GFLOP/s`;
  if (timing.kind === 'product') return line;
  const reference = all.find(({ id }) => id === REFERENCE);
  const products = all.filter(({ kind }) => kind === 'product').map(rate);
  if (reference === undefined) return line;
  return `${line}: ${percent(rate(timing) / rate(reference))} of matMul 1024, ${percent(rate(timing) / Math.max(...products))} of the fastest`;
}

/** Billions of operations a second, at the median. */
function rate({ flop, median }: Timing): number {
  return flop / median / 1e6;
}

function milliseconds(value: number): string {
  return value.toPrecision(3);
}

function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}
