/**
 * A small made-up benchmark for tests: three settings, five methods and every state a cell can be in.
 */
import type { StoredRecord } from '../results/records.ts';
import type { ClaimResult } from './claims.ts';
import { sampleMeasure, sampleRecord, sampleValues } from './sample-record.ts';

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
