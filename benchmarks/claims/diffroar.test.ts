import { type CellRecord, type Measure, measure } from 'attribench';
import { expect, test } from 'vitest';
import evaluateClaims from './index.ts';

const plugin = (id: string, parameters = {}) => ({ id, revision: 1, parameters });

/** Five trainings of a figure, spread by `spread` around it. */
const figure = (id: string, value: number, spread = 0.002): Measure =>
  measure({
    id,
    unit: 'accuracy',
    better: 'higher',
    images: 10_000,
    range: [-1, 1],
    values: [-2, -1, 0, 1, 2].map((d) => value + (d * spread) / 2),
  });

interface Figures {
  readonly [measure: string]: number | Measure;
}

function record(method: string, training: string, eps: number | null, figures: Figures, more = {}): CellRecord {
  return {
    schema: 1,
    key: 'key',
    identity: {
      check: plugin('diffroar', { retrain: true, removal: 'zero' }),
      dataset: plugin('fashion-mnist', { train: 20_000 }),
      model: plugin('mlp'),
      training: plugin(training, eps === null ? {} : { eps }),
      method: plugin(method, method === 'linear-model' ? { weights: 'all-classes' } : {}),
      revisions: {},
      engine: { name: 'cpu', version: '1' },
      seed: 0,
      trainings: 5,
      ...more,
    },
    status: 'completed',
    role: null,
    criterion: 'a criterion',
    verdict: 'undecided',
    measures: Object.entries(figures).map(([id, value]) => (typeof value === 'number' ? figure(id, value) : value)),
    excluded: [],
    notes: [],
  };
}

const LEVELS = [5, 10, 20, 30, 50];
const everywhere = (value: number): Figures =>
  Object.fromEntries([['diffroar', value], ...LEVELS.map((level) => [`diffroar-${level}`, value])]);

/** Records of which all claims hold, with some replaced. */
function records(changed: { readonly [name: string]: CellRecord } = {}): readonly CellRecord[] {
  const all = {
    standard: record('input-gradient', 'standard', null, everywhere(0.01)),
    random: record('random', 'standard', null, everywhere(0)),
    linear: record('linear-model', 'standard', null, everywhere(0.3)),
    eps1: record('input-gradient', 'pgd-l2', 1, everywhere(0.06)),
    eps2: record('input-gradient', 'pgd-l2', 2, everywhere(0.2)),
    ...changed,
  };
  return Object.values(all);
}

const statuses = (given: readonly CellRecord[]) =>
  Object.fromEntries(evaluateClaims(given).map(({ id, status }) => [id.replace('fashion-mnist-', ''), status]));

const BASELINES = 'standard-gradients-are-no-better-than-baselines';
const POSITIVE = 'robust-gradients-are-positive';
const GROWS = 'diffroar-grows-with-eps';

test('they hold where the figures are as the paper says, and no others are stated', () => {
  expect(statuses(records())).toEqual({ [BASELINES]: 'reproduced', [POSITIVE]: 'reproduced', [GROWS]: 'reproduced' });
});

test('standard gradients more than .02 above one baseline are not as the paper says', () => {
  const above = record('input-gradient', 'standard', null, everywhere(0.03));
  expect(statuses(records({ standard: above }))[BASELINES]).toBe('not reproduced');
  const barely = record('input-gradient', 'standard', null, { diffroar: figure('diffroar', 0.02, 0.01) });
  expect(statuses(records({ standard: barely }))[BASELINES]).toBe('undecided');
});

test('the margin holds for the difference of one training, however the trainings differ', () => {
  // Both vary by .1 from training to training, together: their difference does not.
  const standard = record('input-gradient', 'standard', null, { diffroar: figure('diffroar', 0.01, 0.1) });
  const random = record('random', 'standard', null, { diffroar: figure('diffroar', 0, 0.1) });
  expect(statuses(records({ standard, random }))[BASELINES]).toBe('reproduced');
});

test('robust gradients must be positive at every level, of both eps', () => {
  for (const [name, eps] of [['eps1', 1] as const, ['eps2', 2] as const]) {
    const dip = record('input-gradient', 'pgd-l2', eps, { ...everywhere(0.2), 'diffroar-50': -0.01 });
    expect(statuses(records({ [name]: dip }))[POSITIVE]).toBe('not reproduced');
  }
  const dips70 = record('input-gradient', 'pgd-l2', 2, { ...everywhere(0.2), 'diffroar-70': -0.01 });
  expect(statuses(records({ eps2: dips70 }))[POSITIVE]).toBe('not reproduced');
  const dips90 = record('input-gradient', 'pgd-l2', 2, { ...everywhere(0.2), 'diffroar-90': -0.01 });
  expect(statuses(records({ eps2: dips90 }))[POSITIVE]).toBe('reproduced');
});

test('more eps must give more DiffROAR, from standard to 1 to 2', () => {
  const less = record('input-gradient', 'pgd-l2', 2, everywhere(0.05));
  expect(statuses(records({ eps2: less }))[GROWS]).toBe('not reproduced');
  const high = record('input-gradient', 'standard', null, everywhere(0.07));
  expect(statuses(records({ standard: high }))[GROWS]).toBe('not reproduced');
});

test('variants and other linear baselines are not counted', () => {
  const check = plugin('diffroar', { retrain: false, removal: 'zero' });
  const unretrained = record('input-gradient', 'pgd-l2', 1, everywhere(-0.5), { check });
  const byClass = record('linear-model', 'standard', null, everywhere(-0.5), {
    method: plugin('linear-model', { weights: 'explained-class' }),
  });
  expect(statuses(records({ unretrained, byClass }))).toEqual(statuses(records()));
});

test('what was not run is undecided, or not run', () => {
  const [standard, , linear] = records();
  expect(statuses([standard, linear].flatMap((found) => found ?? []))).toEqual({
    [BASELINES]: 'undecided',
    [POSITIVE]: 'not run',
    [GROWS]: 'not run',
  });
  expect(evaluateClaims([])).toEqual([]);
});
