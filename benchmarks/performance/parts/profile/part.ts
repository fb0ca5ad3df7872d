/** The part `profile`: where a training step and an attribution spend their time, by kind of kernel. */
import { fileURLToPath } from 'node:url';
import { measuredBy } from '../../child.ts';
import { number, type Part, reason, table } from '../../part.ts';
import type { Profile } from './measure.ts';

const measure = fileURLToPath(new URL('./measure.ts', import.meta.url));

/** Kernels return before they have computed: time in them would say nothing. */
const ASYNCHRONOUS: readonly string[] = ['webgpu', 'tensorflow-gpu'];

/** The engine that runs recorded graphs, in which nothing can be told apart: it is measured without them too. */
const GRAPHS = 'tensorflow';

export interface ProfileRow {
  readonly engine: string;
  readonly profiles: readonly Profile[];
}

export const profile: Part<ProfileRow> = {
  id: 'profile',
  title: 'Where the time goes, one thread',
  about:
    'Milliseconds of the wall a step, second of two runs, and calls a step, by kind of kernel; a kernel that calls another counts its own time alone. Graphs are programs of the engine that are run whole (docs/engines.md); without them (ATTRIBENCH_GRAPHS=off) their kernels can be told apart. JavaScript is what is left outside of kernels: the tape, tidying, gathering batches, random numbers, reading results.',
  async *measure({ engines, problem }) {
    for (const engine of engines) {
      if (ASYNCHRONOUS.includes(engine)) {
        problem(`${engine} returns from kernels before they have computed: its time cannot be divided this way.`);
        continue;
      }
      try {
        yield { engine, profiles: await measuredBy(measure, [engine]) };
        if (engine !== GRAPHS) continue;
        const profiles = await measuredBy(measure, [engine], { environment: { ATTRIBENCH_GRAPHS: 'off' } });
        yield { engine: `${engine}, operation by operation`, profiles };
      } catch (thrown) {
        problem(`${engine} could not be profiled: ${reason(thrown)}`);
      }
    }
  },
  line: ({ engine, profiles }) => profiles.map((one) => largest(engine, one)).join('\n  '),
  markdown: (rows) =>
    rows
      .map(({ engine, profiles }) => {
        const groups = [...new Set(profiles.flatMap((one) => one.groups.map(({ group }) => group)))];
        const cells = profiles.map(({ job, total, groups: own }) => [
          job,
          number(total),
          ...groups.map((group) => {
            const found = own.find((one) => one.group === group);
            if (found === undefined || found.milliseconds === 0) return '';
            const calls = found.calls === 0 ? '' : `, ${number(found.calls)} calls`;
            return `${number(found.milliseconds)} (${Math.round((100 * found.milliseconds) / total)} %${calls})`;
          }),
        ]);
        const sentences = profiles.map((one) => `- ${largest(engine, one)}`).join('\n');
        return `### ${engine}\n\n${table(['job', 'ms', ...groups], cells)}\n\n${sentences}`;
      })
      .join('\n\n'),
};

/** The three largest groups of a job, in a sentence, and kernels that no group knows. */
export function largest(engine: string, { job, total, groups, unknown }: Profile): string {
  const three = [...groups].sort((a, b) => b.milliseconds - a.milliseconds).slice(0, 3);
  const parts = three.map(({ group, milliseconds }) => `${group} ${Math.round((100 * milliseconds) / total)} %`);
  const others = unknown.length === 0 ? '' : ` Other: ${unknown.join(', ')}.`;
  return `${engine}, ${job}: ${parts.join(', ')} of ${number(total)} ms.${others}`;
}
