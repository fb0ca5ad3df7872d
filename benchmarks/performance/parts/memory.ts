/**
 * The part `memory`: tensors and memory of a process over 1,000 steps of adversarial training and attribution.
 */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { enginesPresent, singleThreadedEnv } from '../../../harness/engine/index.ts';
import { number, type Part, table } from '../part.ts';
import type { MemorySample } from './memory-watch.ts';

const watch = fileURLToPath(new URL('./memory-watch.ts', import.meta.url));

interface MemoryRow {
  readonly engine: string;
  readonly samples: readonly MemorySample[];
}

export const memory: Part<MemoryRow> = {
  id: 'memory',
  title: 'Memory over 1,000 steps',
  about:
    'A small MLP, one thread: each step trains on one batch (its adversarial images made by 2 steps of the L2 adversary), and explains a batch by input gradients and by occlusion. Tensors must stay as many; the memory of the process settles once its allocators and garbage collector have (MiB, resident).',
  async *measure(_, versions) {
    for (const { name, present, version } of await enginesPresent()) {
      if (name === 'cpu' || !present) continue;
      versions({ [`engine ${name}`]: version });
      const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', '--import', 'tsx', watch, name], {
        env: { ...process.env, ...singleThreadedEnv },
        maxBuffer: 2 ** 24,
      });
      yield { engine: name, samples: JSON.parse(stdout.trim().split('\n').at(-1) ?? '') };
    }
  },
  line: ({ engine, samples }) =>
    `${engine}: ${samples.map(({ step, tensors, resident }) => `${step}: ${tensors} tensors, ${number(resident)} MiB`).join('; ')}`,
  markdown: (rows) =>
    table(
      ['engine', ...(rows[0]?.samples.map(({ step }) => `step ${step}`) ?? [])],
      rows.map(({ engine, samples }) => [
        engine,
        ...samples.map(({ tensors, resident }) => `${tensors} tensors, ${Math.round(resident)} MiB`),
      ]),
    ),
};
