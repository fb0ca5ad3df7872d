import { type CellRecord, measure } from 'attribench';
import { expect, test } from 'vitest';
import { type Claim, evaluateClaim } from './claim.ts';
import evaluateClaims from './index.ts';

const plugin = (id: string, parameters = {}) => ({ id, revision: 1, parameters });

type Figures = { readonly [measure: string]: number | readonly (number | null)[] };

interface Place {
  readonly check: string;
  readonly dataset?: string;
  readonly training?: string;
  readonly method?: string | null;
  readonly model?: string;
  readonly digits?: readonly number[];
  /** Ids of measures that are not judged. */
  readonly unjudged?: readonly string[];
}

/** A completed record; a single number stands for five trainings closely around it. */
function record(place: Place, figures: Figures): CellRecord & { readonly status: 'completed' } {
  const { check, dataset = 'blockmnist', training = 'standard', method = null, model = 'mlp', unjudged = [] } = place;
  return {
    schema: 1,
    key: 'key',
    identity: {
      check: plugin(check),
      dataset: plugin(dataset, place.digits === undefined ? {} : { digits: place.digits }),
      model: plugin(model),
      training: plugin(training),
      method: method === null ? null : plugin(method),
      revisions: {},
      engine: { name: 'cpu', version: '1' },
      seed: 0,
      trainings: 5,
    },
    status: 'completed',
    role: null,
    criterion: 'a criterion',
    verdict: 'undecided',
    measures: Object.entries(figures).map(([id, figure]) =>
      measure({
        id,
        unit: 'logit',
        better: unjudged.includes(id) ? 'none' : 'lower',
        images: 425,
        values: typeof figure === 'number' ? [-2, -1, 0, 1, 2].map((d) => figure + d / 1000) : figure,
      }),
    ),
    excluded: [],
    notes: [],
  };
}

const CLAIM: Claim = {
  id: 'a-claim',
  sentence: 'A leaks, B does not.',
  source: 'a paper',
  criterion: 'A at least .3, B at most .1',
  parts: ['a', 'b'].map((method) => ({
    check: 'leakage',
    dataset: 'blockmnist',
    training: 'standard',
    method,
    measure: ['top-10', 'top-5'],
    bound: method === 'a' ? { atLeast: 0.3 } : { atMost: 0.1 },
  })),
};
const of = (method: string, figures: Figures, more: Partial<Place> = {}) =>
  record({ check: 'leakage', method, ...more }, figures);
const status = (...records: readonly CellRecord[]) => evaluateClaim(CLAIM, records).status;

test('a claim is reproduced where all its parts hold', () => {
  const result = evaluateClaim(CLAIM, [of('a', { 'top-10': 0.4 }), of('b', { 'top-10': 0.05 })]);
  expect(result).toEqual({
    id: 'a-claim',
    sentence: 'A leaks, B does not.',
    source: 'a paper',
    criterion: 'A at least .3, B at most .1',
    status: 'reproduced',
    detail:
      'a, standard on blockmnist, mlp: top-10 0.400 [0.398, 0.402], n = 5; b, standard on blockmnist, mlp: top-10 0.050 [0.048, 0.052], n = 5',
  });
});

test('it is not reproduced where one part fails, even if another was not run', () => {
  expect(status(of('a', { 'top-10': 0.4 }), of('b', { 'top-10': 0.2 }))).toBe('not reproduced');
  expect(status(of('a', { 'top-10': 0.2 }))).toBe('not reproduced');
});

test('it is undecided where an interval straddles, trainings are too few, or a part was not run', () => {
  const b = of('b', { 'top-10': 0.05 });
  expect(status(of('a', { 'top-10': 0.3 }), b)).toBe('undecided');
  expect(status(of('a', { 'top-10': [0.5, 0.5] }), b)).toBe('undecided');
  expect(status(of('a', { 'top-10': [0.5, 0.51, 0.52, null, null] }), b)).toBe('undecided');
  expect(status(b)).toBe('undecided');
});

test('it is not run where no part was, also where all cells were skipped or failed', () => {
  const { identity } = of('a', {});
  const base = { schema: 1, key: 'key', identity, role: null } as const;
  expect(status()).toBe('not run');
  expect(status({ ...base, status: 'skipped', reason: 'no masks' })).toBe('not run');
  expect(status({ ...base, status: 'failed', step: 'attribution', error: 'out of memory' })).toBe('not run');
});

test('of several levels the first that is judged counts', () => {
  const b = of('b', { 'top-10': 0.05 });
  const saturated = of('a', { 'top-10': 0.1, 'top-5': 0.5 }, { unjudged: ['top-10'] });
  expect(status(saturated, b)).toBe('reproduced');
  expect(status(of('a', { 'top-10': 0.1, 'top-5': 0.5 }), b)).toBe('not reproduced');
  const all = of('a', { 'top-10': 0.1, 'top-5': 0.5 }, { unjudged: ['top-10', 'top-5'] });
  expect(evaluateClaim(CLAIM, [all, b])).toMatchObject({
    status: 'undecided',
    detail: expect.stringContaining('no level is judged'),
  });
});

test('it must hold for every model, and for digits 0 and 1 alone', () => {
  const records = [of('a', { 'top-10': 0.4 }), of('b', { 'top-10': 0.05 })];
  expect(status(...records, of('a', { 'top-10': 0.1 }, { model: 'mlp-256' }))).toBe('not reproduced');
  expect(status(...records, of('a', { 'top-10': 0.1 }, { digits: [3, 8] }))).toBe('reproduced');
  expect(status(...records, of('a', { 'top-10': 0.1 }, { training: 'pgd-l2' }))).toBe('reproduced');
});

const LEVELS = ['null-top-2.5', 'null-top-5', 'null-top-10'];
const everyLevel = (share: number): Figures => Object.fromEntries(LEVELS.map((id) => [id, share]));

/** What a pilot in another framework found, with leakage of standard gradients as given. */
function pilot(standard: number): CellRecord[] {
  const leakage = (method: string, training: string, share: number, dataset = 'blockmnist') =>
    record({ check: 'null-block-leakage', method, training, dataset }, everyLevel(share));
  return [
    ...['standard', 'pgd-l2'].flatMap((training) => [
      record({ check: 'robust-accuracy', training }, { accuracy: 0.998 }),
      record({ check: 'null-block-zeroing', training }, { unchanged: 0.998 }),
    ]),
    leakage('input-gradient', 'standard', standard),
    leakage('input-gradient', 'pgd-l2', 0.005),
    record(
      { check: 'top-to-bottom', dataset: 'blockmnist-top', method: 'input-gradient' },
      { 'accuracy-top': 0.999, 'accuracy-bottom': 0.47, ...everyLevel(0.003) },
    ),
    leakage('smooth-grad', 'standard', standard),
    leakage('smooth-grad', 'pgd-l2', 0.01),
    leakage('smooth-grad', 'standard', 0.01, 'blockmnist-top'),
    record(
      { check: 'before-after-training', method: 'input-gradient' },
      { 'norm-ratio': 45, 'rank-correlation': 0.01 },
    ),
  ];
}

test('the claims of the paper, on figures like those of a pilot', () => {
  const found = Object.fromEntries(
    evaluateClaims(pilot(0.38)).flatMap(({ id, status }) => (id.endsWith('-resnet-18') ? [] : [[id, status]])),
  );
  expect(found).toEqual({
    accuracy: 'reproduced',
    'null-block-is-ignored': 'reproduced',
    'standard-gradients-leak': 'reproduced',
    'robust-gradients-do-not-leak': 'reproduced',
    'top-models-look-on-top': 'reproduced',
    'top-gradients-do-not-leak': 'reproduced',
    'integrated-gradients-leaks-alike': 'not run',
    'lrp-epsilon-leaks-alike': 'not run',
    'guided-backprop-leaks-alike': 'not run',
    'smooth-grad-leaks-alike': 'reproduced',
    'occlusion-leaks-alike': 'not run',
    'gradients-grow-by-training': 'reproduced',
  });
});

test('each network has claims of its own', () => {
  const of = (records: readonly CellRecord[]) =>
    Object.fromEntries(evaluateClaims(records).map(({ id, status }) => [id, status]));
  const figures = { check: 'null-block-leakage', method: 'input-gradient', training: 'pgd-l2' };
  const leaking = record({ ...figures, model: 'resnet-18' }, everyLevel(0.4));
  const found = of([...pilot(0.38), leaking]);
  expect(found).toEqual({ ...of(pilot(0.38)), 'robust-gradients-do-not-leak-resnet-18': 'not reproduced' });
  expect(of(pilot(0.38))).toMatchObject({ 'robust-gradients-do-not-leak-resnet-18': 'not run' });
});

test('standard gradients that do not leak change their claims alone', () => {
  const [before, after] = [evaluateClaims(pilot(0.38)), evaluateClaims(pilot(0.05))];
  const changed = after.filter(({ status }, i) => status !== before[i]?.status);
  expect(changed.map(({ id, status }) => [id, status])).toEqual([
    ['standard-gradients-leak', 'not reproduced'],
    ['smooth-grad-leaks-alike', 'not reproduced'],
  ]);
});
