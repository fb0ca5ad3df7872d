/** The child of part.ts: where jobs spend their time on one engine, as one line of JSON. */
import { tf } from 'attribench';
import { loadEngine } from '../../../../harness/engine/index.ts';
import { writeNetworkFile } from '../../contest/networks.ts';
import { prepare } from '../../contest/prepare.ts';
import { GRAPH, GROUP_NAMES, groupOf } from './groups.ts';
import { PROFILED } from './jobs.ts';

/** One job's time by group; milliseconds of the wall's clock a step. */
export interface Profile {
  readonly job: string;
  readonly steps: number;
  readonly total: number;
  readonly groups: readonly { readonly group: string; readonly calls: number; readonly milliseconds: number }[];
  /** Kernels that are in no group. */
  readonly unknown: readonly string[];
}

const spent = new Map<string, { calls: number; milliseconds: number }>();
/** Time of the kernels that ran inside the one that runs, innermost last. */
const inside: number[] = [];

const [engine = ''] = process.argv.slice(2);
const files = new Map<string, string>();
for (const { job } of PROFILED) files.set(job.network, await writeNetworkFile(job.network));
await loadEngine(engine);
for (const kernel of tf.getKernelsForBackend(tf.getBackend())) {
  const { kernelName, kernelFunc } = kernel;
  kernel.kernelFunc = (request) => {
    const started = performance.now();
    inside.push(0);
    try {
      return kernelFunc(request);
    } finally {
      const taken = performance.now() - started;
      const own = taken - (inside.pop() ?? 0);
      if (inside.length > 0) inside[inside.length - 1] = (inside.at(-1) ?? 0) + taken;
      const sum = spent.get(kernelName) ?? { calls: 0, milliseconds: 0 };
      spent.set(kernelName, { calls: sum.calls + 1, milliseconds: sum.milliseconds + own });
    }
  };
}
timeGraphs();
const profiles: Profile[] = [];
for (const { title, steps, job } of PROFILED) {
  const prepared = await prepare({ ...job, file: files.get(job.network) ?? '' });
  await prepared.run();
  spent.clear();
  const started = performance.now();
  await prepared.run();
  const total = performance.now() - started;
  prepared.dispose();
  profiles.push(profileOf(title, steps, total));
}
process.stdout.write(`${JSON.stringify(profiles)}\n`);

/** Graphs of native TensorFlow run whole, and no kernel is called in them. */
function timeGraphs(): void {
  const { binding } = tf.backend() as unknown as { binding?: { runSavedModel?(...given: unknown[]): unknown } };
  const run = binding?.runSavedModel;
  if (run === undefined) return;
  const timed = (...given: unknown[]) => {
    const started = performance.now();
    try {
      return run(...given);
    } finally {
      const sum = spent.get(GRAPH) ?? { calls: 0, milliseconds: 0 };
      spent.set(GRAPH, { calls: sum.calls + 1, milliseconds: sum.milliseconds + performance.now() - started });
    }
  };
  // The addon's own properties are read-only.
  const names = Object.getOwnPropertyNames(binding);
  const all = Object.fromEntries(names.map((name) => [name, (binding as Record<string, unknown>)[name]]));
  Object.assign(tf.backend(), { binding: { ...all, runSavedModel: timed } });
}

function profileOf(job: string, steps: number, total: number): Profile {
  const sums = new Map(GROUP_NAMES.map((group) => [group, { calls: 0, milliseconds: 0 }]));
  let kernels = 0;
  for (const [kernel, { calls, milliseconds }] of spent) {
    const sum = sums.get(groupOf(kernel));
    if (sum === undefined) throw new Error(`[attribench] kernel ${kernel} has no group`);
    sum.calls += calls / steps;
    sum.milliseconds += milliseconds / steps;
    kernels += milliseconds / steps;
  }
  sums.set('JavaScript', { calls: 0, milliseconds: total / steps - kernels });
  return {
    job,
    steps,
    total: total / steps,
    groups: [...sums].map(([group, sum]) => ({ group, ...sum })),
    unknown: [...spent.keys()].filter((kernel) => groupOf(kernel) === 'other').sort(),
  };
}
