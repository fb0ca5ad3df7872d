/** Our side of the part `jobs`: the package's `attribench run` in a cache folder of its own, and what it left there. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { mean, type Parameters, type StepKind } from 'attribench';
import type { Step } from '../../../../harness/contracts.ts';
import { packageRoot, Registry } from '../../../../harness/plugins.ts';
import { homeFolder } from '../../../../harness/project.ts';
import { planRun, type RunPlan } from '../../../../harness/runner.ts';
import type { TrainingMetadata } from '../../../../harness/steps/kinds/inputs.ts';
import { Store } from '../../../../harness/steps/store.ts';
import { LEVELS, type Leakage, topCount } from '../../../checks/support/leakage.ts';
import type { Leak, NetworkFigures } from './figures.ts';

/** The cut of the quick profile that PyTorch and captum can run too. */
export const JOB = {
  profile: 'quick',
  datasets: ['blockmnist'],
  models: ['mlp-256'],
  trainings: ['standard', 'pgd-l2'],
  checks: ['null-block-leakage'],
  methods: [
    'input-gradient',
    'input-x-gradient',
    'integrated-gradients',
    'smooth-grad',
    'smooth-grad-squared',
    'occlusion',
  ],
} as const;

/** Processes of the pool; the peers have as many threads in all. */
export const WORKERS = 2;

/** A finished run; `home` is its cache folder, which holds all that it computed. */
export interface OwnRun {
  readonly home: string;
  readonly seconds: number;
}

/** Makes the package that users install; returns its folder. Errors: those of the compiler. */
export async function makePackage(): Promise<string> {
  await promisify(execFile)(process.execPath, ['--import', 'tsx', 'scripts/pack.ts'], { cwd: packageRoot });
  return join(packageRoot, 'build/package');
}

/**
 * Runs the job of a package from nothing; seconds from the start of the command to its end. Errors: those of the command.
 *
 * Steps have the keys that the sources give them, since compiling changes no plugin's code.
 */
export async function runOurs(folder: string, engine: string): Promise<OwnRun> {
  const home = await mkdtemp(join(tmpdir(), 'attribench-jobs-'));
  // An engine that was built is no part of the job.
  await symlink(join(homeFolder(), 'engines'), join(home, 'engines'));
  const { profile, datasets, models, trainings, checks, methods } = JOB;
  const chosen = { profile, engine, dataset: datasets, model: models, training: trainings, check: checks };
  const options = Object.entries({ ...chosen, method: methods, workers: WORKERS, results: join(home, 'results') });
  const args = options.flatMap(([name, value]) => [`--${name}`, String(value)]);
  const started = performance.now();
  try {
    await promisify(execFile)(process.execPath, [join(folder, 'bin/attribench.js'), 'run', ...args], {
      cwd: folder,
      env: { ...process.env, ATTRIBENCH_HOME: home },
      maxBuffer: 2 ** 26,
    });
  } catch (thrown) {
    await rm(home, { recursive: true });
    throw thrown;
  }
  return { home, seconds: (performance.now() - started) / 1000 };
}

export function planOurs(engine: string): Promise<RunPlan> {
  return Registry.load({ from: packageRoot }).then((registry) => planRun(registry, { ...JOB, engine }));
}

/** A training of a plan: its id, its place among those of this id, and its parameters. */
export function trainingOf({ plugins, parameters, stream }: Step): {
  readonly training: string;
  readonly index: number;
  readonly parameters: Parameters;
} {
  return {
    training: plugins.training?.id ?? '',
    index: Number(stream.at(-1)),
    parameters: parameters.training ?? {},
  };
}

/** What a run found and how long its steps took, by kind: seconds summed over the processes, their starts left out. */
export interface OwnFigures {
  readonly networks: readonly NetworkFigures[];
  readonly work: { readonly [kind in StepKind]?: number };
}

export async function figuresOf(plan: RunPlan, { home }: OwnRun): Promise<OwnFigures> {
  const store = await Store.open(join(home, 'store'));
  const head = async (step: Step) => {
    const found = await store.readHead(step);
    if (found?.outcome.status !== 'completed') throw new Error(`[attribench] ${step.label} left no result`);
    return found;
  };
  const work: { [kind in StepKind]?: number } = {};
  const networks: NetworkFigures[] = [];
  for (const step of plan.steps) {
    const { seconds, metadata } = await head(step);
    work[step.kind] = (work[step.kind] ?? 0) + seconds;
    if (step.kind !== 'training') continue;
    const { training, index } = trainingOf(step);
    const { figures, log } = metadata as unknown as TrainingMetadata;
    const leakage: { [method: string]: Leak } = {};
    for (const { cell, evaluations, trainings } of plan.cells) {
      const evaluation = evaluations[trainings.indexOf(index)];
      if (cell.training.id !== training || evaluation === undefined) continue;
      leakage[cell.method?.id ?? ''] = leakOf((await head(evaluation)).metadata as unknown as Leakage);
    }
    const { testAccuracy = Number.NaN, robustAccuracy = Number.NaN } = figures;
    networks.push({ training, index, epochs: log.length, testAccuracy, robustAccuracy, leakage });
  }
  return { networks, work };
}

function leakOf({ mass, top, coordinates }: Leakage): Leak {
  const level = LEVELS.indexOf(10);
  return { mass: mean(mass), top10: mean(top[level] ?? []) / topCount(10, coordinates) };
}

export function removeRun({ home }: OwnRun): Promise<void> {
  return rm(home, { recursive: true });
}
