import { fc, test } from '@fast-check/vitest';
import tCdf from '@stdlib/stats-base-dists-t-cdf';
import { expect } from 'vitest';
import { leaderboardFiles } from './files.ts';
import { sampleClaims, sampleRecords } from './sample.ts';
import { sampleCatalogue } from './sample-plugins.ts';
import { sampleMeasure, sampleRecord } from './sample-record.ts';
import { standings } from './standings.ts';
import { renderTerminal } from './terminal.ts';

const files = leaderboardFiles(sampleRecords(), sampleCatalogue, sampleClaims);

test.prop([fc.shuffledSubarray([...sampleRecords()], { minLength: sampleRecords().length })], { numRuns: 10 })(
  'the order of the records changes no byte of the page, the pictures or the closing table',
  (records) => {
    expect(leaderboardFiles(records, sampleCatalogue, sampleClaims)).toEqual(files);
    const head = { profile: 'small', engine: { name: 'wasm', version: '1' }, catalogue: sampleCatalogue };
    const closing = (of: typeof records) =>
      renderTerminal(
        of.map(({ record }) => record),
        head,
      );
    expect(closing(records)).toBe(closing([...sampleRecords()]));
  },
);

/** Rank sets the long way: every pair, its t test, Holm by going down the sorted list, then counting. */
function slowRanks(values: readonly (readonly number[])[]): readonly (readonly [number, number])[] {
  const pairs: { better: number; worse: number; p: number }[] = [];
  for (let a = 0; a < values.length; a++) {
    for (let b = 0; b < values.length; b++) {
      const differences = (values[a] ?? []).map((value, t) => value - (values[b]?.[t] ?? Number.NaN));
      const n = differences.length;
      const mean = differences.reduce((sum, d) => sum + d) / n;
      if (!(mean < 0)) continue;
      const variance = differences.reduce((sum, d) => sum + (d - mean) ** 2, 0) / (n - 1);
      pairs.push({ better: a, worse: b, p: 2 * tCdf(mean / Math.sqrt(variance / n), n - 1) });
    }
  }
  pairs.sort((x, y) => x.p - y.p);
  const separated: typeof pairs = [];
  for (const [i, pair] of pairs.entries()) {
    if (pair.p >= 0.05 / (pairs.length - i)) break;
    separated.push(pair);
  }
  return values.map((_, row) => [
    1 + separated.filter(({ worse }) => worse === row).length,
    values.length - separated.filter(({ better }) => better === row).length,
  ]);
}

const IDS = ['random', 'input-gradient', 'smooth-grad', 'input-x-gradient', 'needy'] as const;
const noisyMeans = fc
  .array(
    fc.record({
      mean: fc.integer({ min: 0, max: 40 }),
      noise: fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 5, maxLength: 5 }),
    }),
    { minLength: 2, maxLength: IDS.length },
  )
  .map((rows) =>
    rows.map(({ mean, noise }, i) => noise.map((value, t) => mean / 40 + value / 3e4 + 1e-6 * (i + 1) * t * t)),
  );

test.prop([noisyMeans])('ranks equal those of the slow twin', (values) => {
  const records = values.map((row, i) =>
    sampleRecord({ method: IDS[i] ?? '' }, { measures: [sampleMeasure(row)], verdict: 'pass' }),
  );
  const [table] = standings(records, sampleCatalogue);
  const ranks = new Map(table?.rows.map((row) => [row.label, row.state === 'counted' ? row.ranks : null]));
  expect(values.map((_, i) => ranks.get(IDS[i] ?? ''))).toEqual(slowRanks(values));
});
