/**
 * The part `matmul`: matrix products and a training step on every engine present, on one core.
 *
 * A training step counts 6 x parameters x batch operations, and is also given as a share of the rate at which the same
 * run multiplied two 1024 x 1024 matrices.
 */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { enginesPresent, singleThreadedEnv } from '../../../../harness/engine/index.ts';
import { number, type Part, table } from '../../part.ts';
import type { Timing } from './measure.ts';

const REFERENCE = 'product-1024-1024-1024';

const measure = fileURLToPath(new URL('./measure.ts', import.meta.url));

interface MatmulRow {
  readonly engine: string;
  readonly timings: readonly Timing[];
}

export const matmul: Part<MatmulRow> = {
  id: 'matmul',
  title: 'Matrix products and a training step, one thread',
  about:
    "Processor time of one thread, medians with the fastest and the slowest call. A training step counts 6 x parameters x batch operations; its share is of the same engine's rate for two 1024 x 1024 matrices.",
  async *measure(_, versions) {
    for (const { name, present, version } of await enginesPresent()) {
      // Hours of plain JavaScript would tell nobody anything.
      if (name === 'cpu' || !present) continue;
      versions({ [`engine ${name}`]: version });
      const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', measure, name], {
        env: { ...process.env, ...singleThreadedEnv },
        maxBuffer: 2 ** 24,
      });
      yield { engine: name, timings: JSON.parse(stdout.trim().split('\n').at(-1) ?? '') };
    }
  },
  line: ({ engine, timings }) =>
    `${engine}: ${timings.map((timing) => `${timing.title} ${number(rate(timing))} GFLOP/s`).join('; ')}`,
  markdown: (rows) =>
    table(
      ['job', 'engine', 'ms', 'n', 'GFLOP/s', 'share'],
      rows.flatMap(({ engine, timings }) =>
        timings.map((timing) => [
          timing.title,
          engine,
          `${number(timing.median)} (${number(timing.fastest)} to ${number(timing.slowest)})`,
          String(timing.n),
          number(rate(timing)),
          share(timing, timings),
        ]),
      ),
    ),
};

/** Billions of operations a second, at the median. */
function rate({ flop, median }: Timing): number {
  return flop / median / 1e6;
}

function share(timing: Timing, all: readonly Timing[]): string {
  const reference = all.find(({ id }) => id === REFERENCE);
  return reference === undefined ? '' : `${Math.round((100 * rate(timing)) / rate(reference))} %`;
}
