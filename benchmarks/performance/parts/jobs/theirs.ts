/** The peers' side of the part `jobs`: what they are given, and benchmarks/peers/quick_job.py as a process. */
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { inMemory, type Json } from 'attribench';
import { decodeDataset } from '../../../../harness/data/content.ts';
import { encodeSafetensors, type TensorEntry } from '../../../../harness/formats/safetensors.ts';
import { decodeWeights } from '../../../../harness/network/weights.ts';
import type { RunPlan } from '../../../../harness/runner.ts';
import { Store } from '../../../../harness/steps/store.ts';
import { LEVELS, topCount } from '../../../checks/support/leakage.ts';
import { peersPython } from '../../contest/contestant.ts';
import type { NetworkFigures } from './figures.ts';
import { type OwnFigures, type OwnRun, trainingOf } from './ours.ts';

const script = fileURLToPath(new URL('../../../peers/quick_job.py', import.meta.url));

/** One way of sharing the processors. */
export interface PeersWay {
  readonly label: string;
  readonly processes: number;
  readonly threads: number;
}

export const WAYS: readonly PeersWay[] = [
  { label: '1 process of 2 threads', processes: 1, threads: 2 },
  { label: '2 processes of 1 thread', processes: 2, threads: 1 },
];

/**
 * Writes the images, masks and initial weights of our run, and the job's settings; returns the job file's path.
 *
 * Each of their trainings has as many epochs as ours had.
 */
export async function writeJob(plan: RunPlan, run: OwnRun, { networks }: OwnFigures): Promise<string> {
  const store = await Store.open(join(run.home, 'store'));
  const trainings = plan.steps.filter(({ kind }) => kind === 'training');
  const data = await datasetOf(store, trainings[0]?.inputs.data?.key ?? '');
  const [height, width, channels] = data.shape;
  const entries: TensorEntry[] = [];
  for (const name of ['train', 'test'] as const) {
    const { images, labels } = data.splits[name];
    entries.push({ name: `${name}/images`, shape: [labels.length, height, width, channels], data: images });
    entries.push({ name: `${name}/labels`, shape: [labels.length], data: labels });
  }
  const { test } = data.splits;
  if (test.masks === undefined) throw new Error('[attribench] the images carry no masks of the null block');
  entries.push({ name: 'test/null', shape: [test.labels.length, height, width], data: test.masks.null });
  const jobs: Json[] = [];
  for (const step of trainings) {
    const { training, index, parameters } = trainingOf(step);
    const initial = await store.readPart(step, 'initial');
    if (initial === undefined) throw new Error(`[attribench] ${step.label} left no initial weights`);
    const prefix = `weights/${training}/${index}/`;
    entries.push(...decodeWeights(initial).entries.map((entry) => ({ ...entry, name: `${prefix}${entry.name}` })));
    const epochs = networks.find((one) => one.training === training && one.index === index)?.epochs ?? Number.NaN;
    const { eps = null, steps = null, testEps = eps, testSteps = steps } = parameters;
    jobs.push({
      training,
      index,
      weights: prefix,
      settings: { ...parameters, epochs },
      adversary: eps === null ? null : { eps, steps },
      testAdversary: { eps: testEps, steps: testSteps },
    });
  }
  const file = join(run.home, 'job.safetensors');
  await writeFile(file, encodeSafetensors(entries));
  const methods = new Map(plan.cells.flatMap(({ cell: { method } }) => (method === null ? [] : [[method.id, method]])));
  const job: Json = {
    file,
    classes: data.classes.length,
    trainings: jobs,
    methods: [...methods.values()].map(({ id, parameters }) => ({ id, settings: parameters })),
    counts: Object.fromEntries(LEVELS.map((level) => [String(level), topCount(level, height * width * channels)])),
  };
  const path = join(run.home, 'job.json');
  await writeFile(path, JSON.stringify(job));
  return path;
}

async function datasetOf(store: Store, key: string) {
  const artifact = await store.read({ key });
  if (artifact === undefined) throw new Error('[attribench] the run left no images');
  const data = decodeDataset(artifact.metadata, artifact.parts);
  return inMemory(data);
}

/** What the peers found, and how long it took them, by kind of work: seconds summed over the processes. */
export interface PeersFigures {
  readonly networks: readonly NetworkFigures[];
  readonly work: { readonly training: number; readonly attribution: number; readonly evaluation: number };
  readonly torch: string;
}

/** Runs a job file from nothing; seconds from the start of Python to its end. */
export async function runTheirs(
  job: string,
  { processes, threads }: PeersWay,
): Promise<{ readonly seconds: number; readonly figures: PeersFigures }> {
  const args = ['-W', 'ignore', script, job, '--processes', String(processes), '--threads', String(threads)];
  const started = performance.now();
  const { stdout } = await promisify(execFile)(peersPython(), args, { maxBuffer: 2 ** 26 });
  const seconds = (performance.now() - started) / 1000;
  return { seconds, figures: JSON.parse(stdout.trim().split('\n').at(-1) ?? '') };
}
