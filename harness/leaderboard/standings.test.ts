import { describe, expect, test } from 'vitest';
import type { Measure } from '../contracts.ts';
import type { StoredRecord } from '../results/records.ts';
import { sampleRecords } from './sample.ts';
import { sampleCatalogue } from './sample-plugins.ts';
import { sampleMeasure, sampleRecord } from './sample-record.ts';
import { type Standing, standings, type Table, valuesByTraining } from './standings.ts';

const tableOf = (...records: StoredRecord[]): Table => {
  const [table, ...others] = standings(records, sampleCatalogue);
  if (table === undefined || others.length > 0) throw new Error('expected one table');
  return table;
};
const counted = (method: string, values: readonly (number | null)[], more: Partial<Measure> = {}) =>
  sampleRecord({ method }, { measures: [sampleMeasure(values, more)], verdict: 'pass' });
const ranksOf = (table: Table) =>
  Object.fromEntries(table.rows.map((row) => [row.label, row.state === 'counted' ? row.ranks : row.state]));

describe('tables', () => {
  test('one a setting, in the order of the profile', () => {
    const tables = standings(sampleRecords(), sampleCatalogue);
    expect(
      tables.map(({ check, dataset, training }) => [check.label, dataset.label, training.label].join(' ')),
    ).toEqual([
      'leakage blocks standard',
      'leakage blocks+digits=2,4 standard',
      'leakage blocks robust',
      'leakage blocks-top standard',
      'accuracy blocks standard',
      'accuracy blocks robust',
    ]);
    expect(tables.map(({ subject }) => subject)).toEqual([...Array(4).fill('method'), 'model', 'model']);
    expect(tables[0]).toMatchObject({
      profile: 'small',
      trainings: 5,
      images: [425],
      hardware: ['Example CPU 3000, 2 cores, 8 GiB, linux-x64'],
      criterion: 'Passes where less than 25 % of the attribution falls where nothing is.',
    });
  });

  test('records of another engine are another table', () => {
    const values = [0.1, 0.2, 0.3, 0.4, 0.5];
    const on = (engine: string) =>
      sampleRecord({ method: 'random', engine }, { measures: [sampleMeasure(values)], verdict: 'fail' });
    expect(standings([on('wasm'), on('tensorflow')], sampleCatalogue).map(({ engine }) => engine.name)).toEqual([
      'tensorflow',
      'wasm',
    ]);
  });

  test('the further measures are those that the check names, else the first four', () => {
    const ids = ['a', 'b', 'c', 'd', 'e'];
    const further = (better: Measure['better']) =>
      ids.map((id) => sampleMeasure([0.1, 0.2, 0.3], { id, primary: false, better }));
    const records = [
      sampleRecord(
        { method: 'random' },
        { measures: [sampleMeasure([0.1, 0.2, 0.3]), ...further('none')], verdict: 'fail' },
      ),
      sampleRecord(
        { method: 'truth' },
        { measures: [sampleMeasure([0.2, 0.3, 0.4]), ...further('lower')], verdict: 'fail' },
      ),
    ];
    const table = tableOf(...records);
    expect(table.further.map(({ id }) => id)).toEqual(['a', 'b', 'c', 'd']);
    expect(table.further[0]?.better).toBe('lower');
    const check = sampleCatalogue.plugins.get('check leakage');
    if (check === undefined) throw new Error('the sample has this check');
    const plugins = new Map(sampleCatalogue.plugins).set('check leakage', { ...check, columns: ['e', 'x', 'b'] });
    const [named] = standings(records, { ...sampleCatalogue, plugins });
    expect(named?.further.map(({ id }) => id)).toEqual(['e', 'b']);
  });
});

describe('order and ranks', () => {
  test('by the primary measure, in its direction; controls compete, the oracle stands among them unranked', () => {
    const values = { random: 0.5, 'input-gradient': 0.3, 'smooth-grad': 0.1, truth: 0.2 };
    const records = (better: 'lower' | 'higher') =>
      Object.entries(values).map(([method, mean], i) =>
        counted(
          method,
          [0, 1, 2, 3, 4].map((t) => mean + 1e-5 * ((t * (i + 2)) % 5)),
          { better },
        ),
      );
    const lower = tableOf(...records('lower'));
    expect(lower.rows.map(({ label }) => label)).toEqual(['smooth-grad', 'truth', 'input-gradient', 'random']);
    expect(ranksOf(lower)).toEqual({ 'smooth-grad': [1, 1], truth: null, 'input-gradient': [2, 2], random: [3, 3] });
    const higher = tableOf(...records('higher'));
    expect(higher.rows.map(({ label }) => label)).toEqual(['random', 'input-gradient', 'truth', 'smooth-grad']);
    expect(ranksOf(higher)).toEqual({ random: [1, 1], 'input-gradient': [2, 2], truth: null, 'smooth-grad': [3, 3] });
  });

  test('what the paired comparison does not separate shares its ranks', () => {
    const table = tableOf(
      counted('input-gradient', [0.2, 0.3, 0.25, 0.22, 0.28]),
      counted('smooth-grad', [0.3, 0.2, 0.22, 0.28, 0.24]),
      counted('random', [0.5, 0.501, 0.499, 0.5, 0.5]),
    );
    expect(ranksOf(table)).toEqual({ 'smooth-grad': [1, 2], 'input-gradient': [1, 2], random: [3, 3] });
  });

  test('pairing matters: a small but steady difference separates', () => {
    const noisy = [0.1, 0.5, 0.3, 0.2, 0.4];
    const table = tableOf(
      counted('smooth-grad', noisy),
      counted(
        'input-gradient',
        noisy.map((value, t) => value + 0.01 + 0.0001 * t),
      ),
    );
    expect(ranksOf(table)).toEqual({ 'smooth-grad': [1, 1], 'input-gradient': [2, 2] });
  });

  test('no ranks without a direction, with too few trainings, or alone', () => {
    expect(
      ranksOf(
        tableOf(counted('random', [1, 2, 3], { better: 'none' }), counted('needy', [4, 5, 7], { better: 'none' })),
      ),
    ).toEqual({ needy: null, random: null });
    expect(ranksOf(tableOf(counted('random', [1, 2]), counted('needy', [4, 5])))).toEqual({
      needy: null,
      random: null,
    });
    expect(ranksOf(tableOf(counted('random', [1, 2, 3])))).toEqual({ random: null });
  });

  test('a row without any valid training comes last and is not ranked', () => {
    const table = tableOf(
      counted('input-gradient', [null, null, null, null, null]),
      counted('random', [0.5, 0.501, 0.499, 0.5, 0.5]),
      counted('smooth-grad', [0.1, 0.102, 0.101, 0.1, 0.1]),
    );
    expect(table.rows.map(({ label }) => label)).toEqual(['smooth-grad', 'random', 'input-gradient']);
    // Nothing is known of it: it could stand anywhere among the three.
    expect(ranksOf(table)).toEqual({ 'smooth-grad': [1, 2], random: [2, 3], 'input-gradient': null });
  });
});

describe('rows without a say', () => {
  const states = (rows: readonly Standing[]) => rows.map((row) => [row.label, row.state]);

  test('stale, skipped and failed ones come last, in this order, with their reasons', () => {
    const table = tableOf(
      sampleRecord({ method: 'truth' }, { step: 'attribution', error: 'no memory' }),
      sampleRecord({ method: 'needy' }, { reason: 'not offered' }),
      sampleRecord({ method: 'smooth-grad', revision: 9 }, { measures: [sampleMeasure([0, 0, 0])], verdict: 'pass' }),
      counted('random', [0.5, 0.501, 0.499, 0.5, 0.5]),
      counted('input-gradient', [0.4, 0.41, 0.39, 0.4, 0.4]),
    );
    expect(states(table.rows)).toEqual([
      ['input-gradient', 'counted'],
      ['random', 'counted'],
      ['smooth-grad', 'stale'],
      ['needy', 'skipped'],
      ['truth', 'failed'],
    ]);
    expect(table.rows.slice(2)).toMatchObject([
      { why: 'method "smooth-grad" is at revision 1, the record at 9' },
      { why: 'not offered' },
      { step: 'attribution', why: 'no memory' },
    ]);
    // The stale row would be first and make three competitors.
    expect(ranksOf(table)).toMatchObject({ 'input-gradient': [1, 1], random: [2, 2] });
  });

  test('a record of a plugin that is not known here is stale', () => {
    const table = tableOf(counted('from-elsewhere', [0.1, 0.2, 0.3]));
    expect(table.rows).toMatchObject([{ state: 'stale', why: 'method "from-elsewhere" is not known here' }]);
    expect(table.primary?.id).toBe('null-share');
  });

  test('a table of skips alone has no figures and no criterion', () => {
    const table = tableOf(sampleRecord({ method: 'needy' }, { reason: 'not offered' }));
    expect(table).toMatchObject({ primary: null, criterion: null, images: [], further: [] });
  });
});

test('a training with several retrainings counts once, by their mean', () => {
  const replicates = [
    { training: 0, retraining: 0, value: 1 },
    { training: 0, retraining: 1, value: 3 },
    { training: 1, retraining: 0, value: null },
    { training: 1, retraining: 1, value: 5 },
    { training: 2, retraining: 0, value: null },
  ];
  expect(valuesByTraining({ ...sampleMeasure([]), replicates }, 4)).toEqual([2, 5, null, null]);
});
