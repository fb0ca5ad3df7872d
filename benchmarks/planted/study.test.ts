/** The committed record was made by this code, with these settings. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { CANDIDATES } from './candidates.ts';
import { SCENARIOS } from './scenarios.ts';
import { compare, DATA, figureOf, LEVEL, replicateOf, type Study, TOLERANCE } from './study.ts';

type Part = Study & { readonly replicates: number; readonly settings: { readonly correlation: number } };

const record: { readonly [part: string]: Part } = JSON.parse(
  readFileSync(new URL('../../results/diffroar/planted.json', import.meta.url), 'utf8'),
);

describe.each(['independent-noise', 'smooth-noise'])('%s', (name) => {
  const part = record[name] as Part;

  test('has all scenarios and candidates, with the settings in the code', () => {
    const { correlation, ...settings } = part.settings;
    expect(settings).toEqual({ ...DATA, level: LEVEL, tolerance: TOLERANCE });
    expect(correlation).toBe(name === 'smooth-noise' ? 0.8 : 0);
    expect(part.scenarios.map(({ id }) => id)).toEqual(SCENARIOS.map(({ id }) => id));
    for (const { candidates } of part.scenarios) {
      expect(candidates.map(({ id }) => id)).toEqual(CANDIDATES.map(({ id }) => id));
    }
  });

  test('its findings follow from its values', () => {
    for (const { truth, candidates } of part.scenarios) {
      expect(truth.values).toHaveLength(part.replicates);
      for (const { figure, finding } of candidates) {
        const { sign, estimate } = figureOf(figure.values);
        expect(estimate).toBeCloseTo(figure.estimate, 12);
        expect(compare(sign, figureOf(truth.values).sign)).toBe(finding);
      }
    }
  });

  test.each(['leak-top', 'moving-signal-top'])('gives the same again on %s', async (id) => {
    const scenario = SCENARIOS.find((one) => one.id === id);
    const kept = part.scenarios.find((one) => one.id === id);
    if (scenario === undefined || kept === undefined) throw new Error(`no scenario ${id}`);
    const { explained, truth } = await replicateOf(scenario, 0, { correlation: part.settings.correlation });
    // One image of 500: a processor's own last digits could turn a near tie.
    expect(Math.abs(truth - (kept.truth.values[0] ?? 9))).toBeLessThan(0.0021);
    for (const candidate of ['image', 'noise', 'drawn-class']) {
      const measured = await CANDIDATES.find((one) => one.id === candidate)?.measure(explained, LEVEL);
      const value = kept.candidates.find((one) => one.id === candidate)?.figure.values[0] ?? 9;
      expect(Math.abs((measured ?? 0) - value)).toBeLessThan(0.0021);
    }
  });
});

test('a difference is what its whole interval says it is', () => {
  const around = (centre: number) => figureOf([centre - 0.01, centre, centre + 0.01]).sign;
  expect([0.3, -0.3, 0, 0.05, -0.05].map(around)).toEqual([1, -1, 0, null, null]);
  expect([compare(1, 1), compare(0, 1), compare(-1, 1), compare(1, 0), compare(null, 1), compare(0, 0)]).toEqual([
    ...['right', 'blind', 'fooled', 'fooled', 'open', 'right'],
  ]);
});
