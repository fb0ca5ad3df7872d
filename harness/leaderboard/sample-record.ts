/**
 * Made-up measures and records for tests, of the sample's plugins.
 */
import type { CellRecord, Measure, Parameters, RecordIdentity, Role, RunInformation, Verdict } from '../contracts.ts';
import { stream } from '../random.ts';
import { recordPath, type StoredRecord } from '../results/records.ts';
import { identityKey } from '../results/schema.ts';
import { tInterval } from '../statistics.ts';
import { STEP_REVISIONS } from '../steps/step.ts';
import { defaultsIn } from './catalogue.ts';
import { accuracy, leakage, sampleCatalogue, sampleMethods, TRAININGS } from './sample-plugins.ts';

const IMAGES = 425;

/** A measure whose replicates are given; null marks a training left out. */
export function sampleMeasure(
  values: readonly (number | null)[],
  more: Partial<Omit<Measure, 'replicates'>> = {},
): Measure {
  const valid = values.filter((value) => value !== null);
  return {
    id: 'null-share',
    unit: 'share',
    better: 'lower',
    chance: 0.5,
    ideal: 0,
    primary: true,
    estimate: valid.length === 0 ? null : valid.reduce((sum, value) => sum + value, 0) / valid.length,
    interval: tInterval(valid),
    intervalMethod: 't over trainings',
    n: { models: valid.length, retrainings: 0, images: IMAGES },
    replicates: values.map((value, training) => ({ training, retraining: null, value })),
    ...more,
  };
}

interface SampleCell {
  readonly check?: string;
  readonly dataset?: string;
  readonly digits?: readonly number[];
  readonly training?: string;
  readonly revision?: number;
  readonly method: string | null;
  readonly engine?: string;
}

export function sampleIdentity(cell: SampleCell): RecordIdentity {
  const { check = 'leakage', dataset = 'blocks', training = 'standard', method, digits, revision, engine } = cell;
  const plugin = (id: string, parameters: Parameters = {}, current = 1) => ({ id, revision: current, parameters });
  return {
    check: plugin(check),
    dataset: plugin(dataset, dataset === 'blocks' ? { digits: digits ?? [0, 1] } : {}),
    model: plugin('mlp'),
    training: training === 'robust' ? plugin(training, { eps: 2 }, 2) : plugin(training),
    method: method === null ? null : plugin(method, {}, revision),
    revisions: { 'step training': STEP_REVISIONS.training },
    engine: { name: engine ?? 'wasm', version: '4.22.0' },
    seed: 7,
    trainings: TRAININGS,
  };
}

export type Outcome =
  | {
      readonly measures: readonly Measure[];
      readonly verdict: Verdict;
      readonly notes?: readonly string[];
      readonly excluded?: readonly { training: number; reason: string }[];
    }
  | { readonly reason: string }
  | { readonly step: string; readonly error: string };

/** A record of the sample, stored where it belongs. */
export function sampleRecord(cell: SampleCell, outcome: Outcome): StoredRecord {
  const identity = sampleIdentity(cell);
  const role: Role | null =
    sampleMethods.find(({ id }) => id === cell.method)?.role ?? (cell.method === null ? null : 'method');
  const base = { schema: 1, key: identityKey(identity), identity, role } as const;
  const record: CellRecord =
    'measures' in outcome
      ? {
          ...base,
          status: 'completed',
          criterion: identity.check.id === 'leakage' ? leakage.criterion : accuracy.criterion,
          verdict: outcome.verdict,
          measures: outcome.measures,
          excluded: outcome.excluded ?? [],
          notes: outcome.notes ?? [],
        }
      : 'reason' in outcome
        ? { ...base, status: 'skipped', ...outcome }
        : { ...base, status: 'failed', ...outcome };
  return {
    path: recordPath('small', identity, defaultsIn(sampleCatalogue)),
    profile: 'small',
    record,
    run: sampleRun(base.key),
  };
}

export function sampleRun(key: string): RunInformation {
  return {
    schema: 1,
    key,
    finished: '2026-01-02T03:04:05.678Z',
    machine: { cpu: 'Example CPU 3000', cores: 2, memoryGiB: 8, platform: 'linux-x64' },
    versions: { node: '20.20.0' },
    git: null,
    seconds: { training: 12.5, attribution: 1.25 },
  };
}

/** Values around a mean: one a training, the same on every call. */
export function sampleValues(name: string, mean: number, spread: number): readonly number[] {
  const random = stream('sample', name);
  return Array.from({ length: TRAININGS }, () => Math.min(1, Math.max(0, mean + spread * random.normal())));
}
