/** Steps for tests of the store, the pool and the scheduler: no plugins, no engine, any shape of graph. */

import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import type { Json, Step, StepAddress } from '../../contracts.ts';
import { fingerprint } from '../../fingerprint.ts';
import { Stream } from '../../random.ts';
import { MissingInput } from '../missing-input.ts';
import type { StepContext } from '../run-step.ts';
import type { Artifact } from '../store.ts';

/** What a toy step does before it leaves its artifact. */
export interface ToyBehaviour {
  /** Fails with this message. */
  readonly throws?: string;
  /** Never ends; a timer throws this message. */
  readonly throwsLate?: string;
  /** Computes without yielding for so many milliseconds. */
  readonly busy?: number;
  /** Kills its own process; only so many times where `deathLog` counts them. */
  readonly deaths?: number;
  /** A file that gets a line with the process id whenever the step starts. */
  readonly log?: string;
  /** A file that gets what Node.js was started with, as JSON. */
  readonly flagLog?: string;
  /** Floats in the artifact. */
  readonly floats?: number;
  /** Fills so many MiB of memory outside the heap and keeps them. */
  readonly hoards?: number;
}

/** A step named `name` that reads the artifacts of `inputs`. The behaviour is no part of its key. */
export function toyStep(
  name: string,
  inputs: readonly Step[] = [],
  { cost = 1, ...behaviour }: ToyBehaviour & { readonly cost?: number } = {},
): Step {
  const addresses = Object.fromEntries(inputs.map((input, i): [string, StepAddress] => [`input ${i}`, address(input)]));
  const own: { readonly [name: string]: Json } = { ...behaviour };
  return {
    kind: 'evaluation',
    plugins: {},
    parameters: { step: own },
    inputs: addresses,
    stream: ['toy', name],
    engine: null,
    key: fingerprint({ name, addresses }),
    label: name,
    cost,
  };
}

/** Where a step's artifact lies. */
export function address({ kind, key }: Step): StepAddress {
  return { kind, key };
}

const hoard: Buffer[] = [];

/** Random floats from the step's stream, plus the first float of every input. */
export async function runToyStep(step: Step, { store, progress }: StepContext): Promise<Artifact> {
  const {
    throws,
    throwsLate,
    busy = 0,
    deaths = 0,
    log,
    flagLog,
    floats = 1000,
    hoards = 0,
  }: ToyBehaviour = step.parameters.step ?? {};
  if (flagLog !== undefined) writeFileSync(flagLog, JSON.stringify(process.execArgv));
  if (log !== undefined) appendFileSync(log, `${step.label} ${process.pid}\n`);
  const starts =
    log === undefined
      ? 1
      : readFileSync(log, 'utf8')
          .split('\n')
          .filter((line) => line.startsWith(`${step.label} `)).length;
  if (starts <= deaths) process.kill(process.pid, 'SIGKILL');
  if (throws !== undefined) throw new Error(throws);
  if (throwsLate !== undefined) {
    await new Promise(() => {
      setTimeout(() => {
        throw new Error(throwsLate);
      });
    });
  }
  for (const end = performance.now() + busy; performance.now() < end; );
  if (hoards > 0) hoard.push(Buffer.alloc(hoards * 2 ** 20, 1));
  progress(0.5, 'half-way');
  const values = new Stream(step.stream).normals(floats);
  for (const input of Object.values(step.inputs)) {
    const part = await store.readPart(input, 'values');
    if (part === undefined) throw new MissingInput(input, step.label);
    const first = new Float32Array(part.buffer)[0] ?? 0;
    values.forEach((value, i) => {
      values[i] = value + first;
    });
  }
  return {
    outcome: { status: 'completed' },
    metadata: { name: step.label },
    parts: { values: new Uint8Array(values.buffer) },
  };
}

/** Thirteen steps: a data set, four trainings of it, two maps of each. */
export function toyGraph(behaviour: ToyBehaviour = {}): readonly Step[] {
  const data = toyStep('data', [], behaviour);
  const trainings = [0, 1, 2, 3].map((t) => toyStep(`training ${t}`, [data], { ...behaviour, cost: 10 }));
  const maps = trainings.flatMap((training, t) =>
    ['gradient', 'occlusion'].map((method) => toyStep(`${method} ${t}`, [training, data], behaviour)),
  );
  return [data, ...trainings, ...maps];
}
