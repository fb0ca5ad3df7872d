import { describe, expect, test } from 'vitest';
import type { EvaluationOutput } from '../contracts.ts';
import { stream } from '../random.ts';
import { allPass, type MeasureDefinition, measure, replicates, verdictAgainst } from './measures.ts';

const done = (value: number): EvaluationOutput => ({ status: 'completed', value });
const excluded: EvaluationOutput = { status: 'excluded', reason: 'a loss was not finite' };
const share = (values: readonly (number | null)[], more: Partial<MeasureDefinition> = {}) =>
  measure({ id: 'share', unit: 'share', better: 'lower', images: 425, values, ...more });

describe('replicates', () => {
  test('keep excluded trainings in their place', () => {
    expect(replicates([done(0.1), excluded, done(0.3)], Number)).toEqual([0.1, null, 0.3]);
  });

  test('a skipped training skips the cell, with the reason', () => {
    const skipped: EvaluationOutput = { status: 'skipped', reason: 'no masks' };
    expect(() => replicates([done(1), skipped], Number)).toThrow(
      expect.objectContaining({ name: 'NotApplicable', message: 'no masks' }),
    );
  });

  test('an output without a value is an error', () => {
    expect(() => replicates([{ status: 'completed' }], Number)).toThrow('training 0 returned nothing');
  });
});

describe('a measure', () => {
  test('averages the valid trainings and shows all', () => {
    const made = share([0.2, null, 0.3, 0.4], { primary: true, chance: 0.5, ideal: 0 });
    expect(made).toMatchObject({ primary: true, chance: 0.5, ideal: 0, intervalMethod: 't over trainings, 95 %' });
    expect(made.estimate).toBeCloseTo(0.3, 12);
    expect(made.n).toEqual({ models: 3, retrainings: 0, images: 425 });
    expect(made.replicates[1]).toEqual({ training: 1, retraining: null, value: null });
  });

  test('without a valid training has neither estimate nor interval', () => {
    expect(share([null, null])).toMatchObject({ estimate: null, interval: null, chance: null, ideal: null });
    expect(share([0.1, 0.2]).interval).toBeNull();
  });

  test('keeps its interval inside the range of its unit', () => {
    expect(share([0, 0, 0.1]).interval?.[0]).toBe(0);
    expect(share([1, 1, 0.9]).interval?.[1]).toBe(1);
    expect(share([0, 0, 9], { unit: 'ratio' }).interval?.[0]).toBe(0);
  });

  test('equal values reach one image to either side, inside the range', () => {
    const method = 'one image to either side: all trainings are equal';
    expect(share([0, 0, 0])).toMatchObject({ interval: [0, 1 / 425], intervalMethod: method });
    expect(share([1, 1, 1], { unit: 'accuracy' })).toMatchObject({ interval: [424 / 425, 1], intervalMethod: method });
    expect(share([0.3, 0.3, 0.3]).interval).toEqual([0.3 - 1 / 425, 0.3 + 1 / 425]);
  });

  test('where images say nothing of the resolution equal values keep no width, and say so', () => {
    expect(share([1, 1, 1], { unit: 'correlation' })).toMatchObject({
      interval: [1, 1],
      intervalMethod: 'of no width: all trainings are equal',
    });
  });

  test('refuses what is not a number', () => {
    expect(() => share([Number.NaN])).toThrow('measure "share": got NaN');
  });
});

describe('a verdict', () => {
  const on = (low: number, high: number, planned = 5, valid = planned) => ({
    ...share(Array.from({ length: planned }, (_, t) => (t < valid ? 0.1 : null))),
    interval: [low, high] as const,
  });

  test.each([
    [0.1, 0.24, 'pass'],
    [0.1, 0.25, 'pass'],
    [0.2, 0.26, 'undecided'],
    [0.26, 0.3, 'fail'],
  ] as const)('on at most .25: [%f, %f] is a %s', (low, high, verdict) => {
    expect(verdictAgainst(on(low, high), { atMost: 0.25 })).toBe(verdict);
    expect(verdictAgainst(on(-high, -low), { atLeast: -0.25 })).toBe(verdict);
  });

  test('on a band fails on either side of it', () => {
    const band = { atLeast: 0.4, atMost: 0.6 };
    expect(verdictAgainst(on(0.41, 0.59), band)).toBe('pass');
    expect(verdictAgainst(on(0.1, 0.39), band)).toBe('fail');
    expect(verdictAgainst(on(0.61, 0.7), band)).toBe('fail');
    expect(verdictAgainst(on(0.3, 0.7), band)).toBe('undecided');
  });

  test.each([
    [5, 4, 'pass'],
    [5, 3, 'undecided'],
    [3, 3, 'pass'],
    [10, 7, 'undecided'],
    [10, 8, 'pass'],
    [2, 2, 'undecided'],
  ] as const)('with %i trainings planned and %i valid is at best %s', (planned, count, verdict) => {
    expect(verdictAgainst(on(0, 0.1, planned, count), { atMost: 0.25 })).toBe(verdict);
  });

  test('without an interval is undecided', () => {
    expect(verdictAgainst({ ...on(0, 1), interval: null }, { atMost: 1 })).toBe('undecided');
  });

  test('on several criteria passes only with all of them', () => {
    expect(allPass('pass', 'pass')).toBe('pass');
    expect(allPass('pass', 'undecided')).toBe('undecided');
    expect(allPass('undecided', 'fail')).toBe('fail');
  });
});

/** How often the interval of a measure covers the truth over simulated runs of `trainings` each. */
function coverage(trainings: number, truth: number, draw: () => number, runs = 2000): number {
  let covered = 0;
  for (let run = 0; run < runs; run++) {
    const { interval } = share(Array.from({ length: trainings }, draw));
    if (interval !== null && interval[0] <= truth && truth <= interval[1]) covered++;
  }
  return covered / runs;
}

describe('coverage by simulation', () => {
  test('leakage that varies between trainings as in a pilot: 95 %', () => {
    const random = stream('coverage of leakage');
    const got = coverage(5, 0.376, () => 0.376 + 0.032 * random.normal());
    expect(got).toBeGreaterThan(0.93);
    expect(got).toBeLessThan(0.97);
  });

  test('an accuracy near 1, where three trainings often agree on every image, stays covered', () => {
    const random = stream('coverage of accuracy');
    const accuracy = (truth: number) => () => {
      let right = 0;
      for (let image = 0; image < 425; image++) if (random.uniform() < truth) right++;
      return right / 425;
    };
    expect(coverage(3, 0.9995, accuracy(0.9995), 1000)).toBeGreaterThan(0.95);
    expect(coverage(5, 0.998, accuracy(0.998), 1000)).toBeGreaterThan(0.9);
  });
});
