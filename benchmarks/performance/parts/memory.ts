/**
 * The part `memory`: tensors and memory of a process over 1,000 steps of adversarial training and attribution.
 */
import { fileURLToPath } from 'node:url';
import { enginesPresent } from '../../../harness/engine/index.ts';
import { adapterForTests } from '../../../harness/engine/testing/software-adapter.ts';
import { measuredBy } from '../child.ts';
import type { Goal } from '../goals.ts';
import { number, type Part, reason, table } from '../part.ts';
import type { MemoryFound, MemorySample } from './memory-watch.ts';

const watch = fileURLToPath(new URL('./memory-watch.ts', import.meta.url));

interface MemoryRow extends MemoryFound {
  readonly engine: string;
}

export const memory: Part<MemoryRow> = {
  id: 'memory',
  title: 'Memory over 1,000 steps',
  about:
    'A small MLP (of 14 x 14 pixels; on cpu and webgpu in software, which are slow, 5 x 5), one thread: each step trains on one batch (its adversarial images made by 2 steps of the L2 adversary), and explains a batch by input gradients and by occlusion. Tensors and their bytes must stay as they are; the memory of the process settles once its allocators and garbage collector have. MiB; proportional: what other processes share of it is divided among them (PSS); peak: the most that was ever resident.',
  async *measure({ problem }, versions) {
    for (const { name, present, version } of await enginesPresent()) {
      // In software the numbers of tensors and bytes are those of a card.
      const adapter = name === 'webgpu' && !present ? await adapterForTests() : undefined;
      if (adapter === undefined ? !present : typeof adapter === 'string') continue;
      const { title, environment } = typeof adapter === 'object' ? adapter : { title: undefined, environment: {} };
      versions({ [`engine ${name}`]: title === undefined ? version : `${version} (${title})` });
      try {
        yield { engine: name, ...(await measuredBy(watch, [name], { node: ['--expose-gc'], environment })) };
      } catch (thrown) {
        problem(`${name} could not be watched: ${reason(thrown)}`);
      }
    }
  },
  line: ({ engine, samples }) =>
    `${engine}: ${samples.map(({ step, tensors, resident }) => `${step}: ${tensors} tensors, ${number(resident)} MiB`).join('; ')}`,
  goals: (rows) =>
    rows.flatMap(({ engine, samples }): Goal[] => {
      const growth = (of: (sample: MemorySample) => number) => {
        const [first, last] = [samples[0], samples.at(-1)];
        const value = first === undefined || last === undefined ? Number.NaN : of(last) - of(first);
        return { median: value, low: value, high: value, n: 1 };
      };
      return [
        {
          what: `${engine}: tensors more after 1,000 steps`,
          sense: 'at most',
          bound: 0,
          measured: growth((one) => one.tensors),
        },
        { what: `${engine}: bytes of tensors more`, sense: 'at most', bound: 0, measured: growth((one) => one.bytes) },
      ];
    }),
  markdown: (rows) =>
    table(
      ['engine', ...(rows[0]?.samples.map(({ step }) => `step ${step}`) ?? []), 'peak'],
      rows.map(({ engine, samples, peak }) => [
        engine,
        ...samples.map(
          ({ tensors, bytes, resident, proportional }) =>
            `${tensors} tensors, ${number(bytes / 2 ** 20)}; resident ${Math.round(resident)}${proportional === null ? '' : `, proportional ${Math.round(proportional)}`}`,
        ),
        peak === null ? '' : String(Math.round(peak)),
      ]),
    ),
};
