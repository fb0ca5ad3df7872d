/**
 * A small made-up benchmark for tests: three settings, five methods and every state a cell can be in.
 */
import type { CellRecord, Measure, Parameters, RecordIdentity, Role, RunInformation, Verdict } from '../contracts.ts';
import { defineCheck, defineDataset, defineMethod, defineModel, defineProfile, defineTraining } from '../define.ts';
import { stream } from '../random.ts';
import { recordPath, type StoredRecord } from '../results/records.ts';
import { identityKey } from '../results/schema.ts';
import { tInterval } from '../statistics.ts';
import { STEP_REVISIONS } from '../steps/step.ts';
import { catalogueOf, defaultsIn } from './catalogue.ts';
import type { ClaimResult } from './claims.ts';

const TRAININGS = 5;
const IMAGES = 425;
const cite = 'made up';
const never = () => {
  throw new Error('[attribench] the sample is never run');
};

const methods = (
  [
    ['input-gradient', 'Input gradient', 'method'],
    ['smooth-grad', 'SmoothGrad', 'method'],
    ['input-x-gradient', 'Input × gradient', 'method'],
    ['random', 'Random', 'control'],
    ['truth', 'True mask', 'oracle'],
    ['needy', 'Rules only', 'method'],
  ] as const
).map(([id, title, role]) =>
  defineMethod({ id, title, cite, revision: 1, role, needs: ['logits'], rank: 'magnitude', attribute: never }),
);

const datasets = [
  defineDataset({
    id: 'blocks',
    title: 'Blocks',
    cite,
    revision: 1,
    parameters: { digits: [0, 1] },
    load: never,
  }),
  defineDataset({ id: 'blocks-top', title: 'Blocks, signal on top', cite, revision: 1, load: never }),
];
const model = defineModel({ id: 'mlp', title: 'MLP', cite, revision: 1, build: never });
const trainings = [
  defineTraining({ id: 'standard', title: 'standard', cite, revision: 1, train: never }),
  defineTraining({
    id: 'robust',
    title: 'robust',
    cite,
    revision: 2,
    parameters: { eps: 2 },
    train: never,
  }),
];
const leakage = defineCheck({
  id: 'leakage',
  title: 'Null-block leakage',
  cite,
  revision: 1,
  subject: 'method',
  criterion: 'Passes where less than 25 % of the attribution falls where nothing is.',
  primary: 'null-share',
  evaluations: {},
  steps: () => [],
  judge: never,
});
const accuracy = defineCheck({
  id: 'accuracy',
  title: 'Accuracy',
  cite,
  revision: 1,
  subject: 'model',
  criterion: 'Passes where the model is right on at least 99 % of the images.',
  primary: 'clean-accuracy',
  evaluations: {},
  steps: () => [],
  judge: never,
});
const profile = defineProfile({
  id: 'small',
  title: 'Small',
  cite,
  revision: 1,
  seed: 7,
  trainings: TRAININGS,
  suites: [
    {
      dataset: { id: 'blocks' },
      models: [{ id: 'mlp' }],
      trainings: [{ id: 'standard' }, { id: 'robust' }],
      checks: [{ id: 'leakage' }, { id: 'accuracy' }],
    },
    {
      dataset: { id: 'blocks-top' },
      models: [{ id: 'mlp' }],
      trainings: [{ id: 'standard' }],
      checks: [{ id: 'leakage' }],
    },
  ],
});

export const sampleCatalogue = catalogueOf(
  [...methods, ...datasets, model, ...trainings, leakage, accuracy, profile].map((plugin) => ({
    id: plugin.id,
    plugin,
  })),
);

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
    methods.find(({ id }) => id === cell.method)?.role ?? (cell.method === null ? null : 'method');
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

function leakageCell(method: string, dataset: string, training: string, mean: number, spread: number): StoredRecord {
  const name = `${method} ${dataset} ${training}`;
  const primary = sampleMeasure(sampleValues(name, mean, spread));
  const atK = [2.5, 5, 10].map((k) =>
    sampleMeasure(sampleValues(`${name} ${k}`, mean * 0.9, spread), { id: `top-${k}-percent`, primary: false }),
  );
  const [low, high] = primary.interval ?? [0, 1];
  return sampleRecord(
    { method, dataset, training },
    { measures: [primary, ...atK], verdict: high < 0.25 ? 'pass' : low > 0.25 ? 'fail' : 'undecided' },
  );
}

/** Every state at least once: counted, undecided, excluded trainings, stale, skipped, failed, a model's check. */
export function sampleRecords(): readonly StoredRecord[] {
  const settings = [
    { dataset: 'blocks', training: 'standard', means: [0.44, 0.42, 0.51, 0.5, 0] },
    { dataset: 'blocks', training: 'robust', means: [0.2, 0.19, 0.32, 0.5, 0] },
    { dataset: 'blocks-top', training: 'standard', means: [0.19, 0.22, 0.24, 0.5, 0] },
  ] as const;
  const names = ['input-gradient', 'smooth-grad', 'input-x-gradient', 'random', 'truth'] as const;
  const counted = settings.flatMap(({ dataset, training, means }) =>
    names.map((method, i) =>
      leakageCell(
        method,
        dataset,
        training,
        means[i] ?? 0,
        method === 'truth' ? 0 : method === 'random' ? 0.001 : 0.02,
      ),
    ),
  );
  const isReplaced = ({ record: { identity } }: StoredRecord) =>
    identity.training.id === 'robust' && ['smooth-grad', 'input-x-gradient'].includes(identity.method?.id ?? '');
  return [
    ...counted.filter((stored) => !isReplaced(stored)),
    sampleRecord(
      { method: 'smooth-grad', training: 'robust' },
      {
        measures: [sampleMeasure([0.18, null, 0.21, 0.17, 0.2])],
        verdict: 'pass',
        excluded: [{ training: 1, reason: 'the loss was not finite from epoch 3' }],
        notes: ['4 of 5 trainings are valid.'],
      },
    ),
    sampleRecord(
      { method: 'input-x-gradient', training: 'robust' },
      { step: 'attribution input-x-gradient of mlp--robust on blocks, training 0', error: 'out of memory' },
    ),
    ...settings.map(({ dataset, training }) =>
      sampleRecord({ method: 'needy', dataset, training }, { reason: 'the model offers no "propagation"' }),
    ),
    sampleRecord(
      { method: 'smooth-grad', digits: [2, 4], revision: 3 },
      { measures: [sampleMeasure(sampleValues('stale', 0.3, 0.02))], verdict: 'fail' },
    ),
    sampleRecord(
      { method: 'input-gradient', digits: [2, 4] },
      { measures: [sampleMeasure(sampleValues('2/4', 0.33, 0.02))], verdict: 'fail' },
    ),
    ...(['standard', 'robust'] as const).map((training) =>
      sampleRecord(
        { check: 'accuracy', method: null, training },
        {
          measures: [
            sampleMeasure([0.998, 1, 0.995, 1, 0.998], {
              id: 'clean-accuracy',
              unit: 'accuracy',
              better: 'higher',
              ideal: 1,
            }),
          ],
          verdict: 'pass',
        },
      ),
    ),
  ];
}

export const sampleClaims: readonly ClaimResult[] = [
  {
    id: 'standard-leaks',
    sentence: 'Input gradients of standard models leak into the null block.',
    source: 'Section 5',
    criterion: 'Mean leakage of at least 30 % over trainings.',
    status: 'reproduced',
    detail: '44.2 % [41.9, 46.5] over 5 trainings.',
  },
  {
    id: 'scale',
    sentence: 'The same holds for ResNet-50.',
    source: 'Appendix C',
    criterion: 'As above.',
    status: 'not run',
    detail: 'No record of a ResNet-50.',
  },
];
