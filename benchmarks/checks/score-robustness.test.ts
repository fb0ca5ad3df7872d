/** Calibration: what the check says of scores and maps whose answer is known. */
import { type AttributionMaps, type Check, type Json, stream } from 'attribench';
import { describe, expect, test } from 'vitest';
import check from './score-robustness.ts';
import { byVariant, inversionsOf, orderOf, type Scored, shiftOf } from './support/robustness.ts';
import { blocks, content, evaluate, judge, mapsOf, measureOf, PIXELS } from './support/testing.ts';

const SPLIT = blocks(60, () => false);
const inSignal = (image: number, i: number) => SPLIT.masks?.signal[image * PIXELS + i] === 1;
const asking = (parameters: object): Check =>
  ({ ...check, parameters: { ...check.parameters, ...parameters } }) as Check;

async function judged(score: string, mapsFor: (t: number) => AttributionMaps) {
  const asked = asking({ score });
  const outputs = [0, 1, 2, 3, 4].map((t) =>
    evaluate(asked, { maps: { maps: mapsFor(t) }, datasets: { data: content(SPLIT) } }, stream('ties', t)),
  );
  return judge(asked, await Promise.all(outputs));
}

describe.each(['null-mass', 'null-top'])('%s', (score) => {
  test('keeps the known order of a good map made worse, and no blur betters it', async () => {
    const judgement = await judged(score, (t) => {
      const random = stream('good', t);
      return mapsOf(SPLIT, (image, i) => (inSignal(image, i) ? 3 : 1) + random.uniform());
    });
    expect(measureOf(judgement, 'order').estimate).toBe(1);
    expect(measureOf(judgement, 'inversions').estimate).toBe(0);
    const { estimate: own } = measureOf(judgement, 'score');
    const { estimate: shuffled, chance } = measureOf(judgement, 'score-shuffled-100');
    expect(own).toBeLessThan(shuffled ?? 0);
    expect(Math.abs((shuffled ?? 0) - (chance ?? 1))).toBeLessThan(0.05);
    expect(measureOf(judgement, 'shift-blurred').estimate).toBeLessThan(0.1);
    expect(judgement.verdict).toBe('pass');
  });

  test('of a random map has no order to keep: undecided', async () => {
    const judgement = await judged(score, (t) => {
      const random = stream('random', t);
      return mapsOf(SPLIT, () => random.normal());
    });
    expect(Math.abs(measureOf(judgement, 'order').estimate ?? 1)).toBeLessThan(0.9);
    expect(judgement.verdict).toBe('undecided');
    expect(judgement.notes.join(' ')).toContain('no order to keep');
  });
});

test('the top-k score rewards a blur of a map that is right on the whole and noisy in detail, and is told so', async () => {
  const judgement = await judged('null-top', (t) => {
    const random = stream('noisy', t);
    return mapsOf(SPLIT, (image, i) => (inSignal(image, i) ? 1.3 : 1) * Math.abs(random.normal()));
  });
  expect(measureOf(judgement, 'shift-blurred').interval?.[0]).toBeGreaterThan(0.1);
  expect(judgement.verdict).toBe('fail');
});

test('shuffling a share moves the mass by that share of the way to chance', async () => {
  const judgement = await judged('null-mass', () => mapsOf(SPLIT, (image, i) => (inSignal(image, i) ? 1 : 0)));
  [0.25, 0.5, 0.75, 1].forEach((share, i) => {
    const { estimate } = measureOf(judgement, `score-shuffled-${25 * (i + 1)}`);
    // Four standard errors: of 32 coordinates, in 300 maps.
    expect(Math.abs((estimate ?? 1) - share / 2)).toBeLessThan(4 * Math.sqrt(1 / 32 / 300));
  });
});

describe('figures', () => {
  const scored = (map: number, processed: number, ...steps: number[]): Scored => ({
    images: 10,
    chance: 0,
    scores: byVariant((variant, i) => (variant === 'map' ? map : i <= 3 ? processed : (steps[i - 4] ?? 0))),
  });

  test('order and inversions count what is out of place, in the direction of the score', () => {
    const falling = scored(0.5, 0.5, 0.4, 0.3, 0.2, 0.1);
    expect([orderOf(falling, 'diffroar'), inversionsOf(falling, 'diffroar')]).toEqual([1, 0]);
    expect([orderOf(falling, 'null-mass'), inversionsOf(falling, 'null-mass')]).toEqual([-1, 1]);
    const swapped = scored(0.5, 0.5, 0.4, 0.2, 0.3, 0.1);
    expect([orderOf(swapped, 'diffroar'), inversionsOf(swapped, 'diffroar')]).toEqual([0.9, 0.1]);
    const flat = scored(0.5, 0.5, 0.5, 0.5, 0.5, 0.5);
    expect([orderOf(flat, 'diffroar') + 0, inversionsOf(flat, 'diffroar')]).toEqual([0, 0.5]);
  });

  test('a shift is a share of the way from the shuffled map to the map', () => {
    const raised = scored(0.5, 0.6, 0.4, 0.3, 0.2, 0.1);
    expect(shiftOf(raised, 'pooled', 'diffroar')).toBeCloseTo(0.25, 12);
    expect(shiftOf(scored(0.1, 0.05, 0.2, 0.3, 0.4, 0.5), 'pooled', 'null-top')).toBeCloseTo(0.125, 12);
    expect(shiftOf(scored(0.1, 0.5, 0.1, 0.1, 0.1, 0.2), 'pooled', 'diffroar')).toBeNull();
  });

  test('DiffROAR scores are judged by the same figures', () => {
    const outputs: Json[] = [0, 1, 2].map((t) => scored(0.5, 0.5 + 0.01 * t, 0.4, 0.3, 0.2, 0.1) as Json);
    const judgement = judge(asking({ score: 'diffroar' }), outputs);
    expect(measureOf(judgement, 'score')).toMatchObject({ unit: 'accuracy', estimate: 0.5 });
    expect(judgement.verdict).toBe('pass');
  });
});

test('DiffROAR retrains on both sides of every map, the others on none', () => {
  const plan = (parameters: object) => {
    const asked: string[] = [];
    const step = { key: '' } as never;
    asking(parameters).steps({
      cell: { check: { parameters: { ...check.parameters, ...parameters } } },
      trainings: [0],
      dataset: () => step,
      maps: () => step,
      evaluate: (name: string, inputs: object) => {
        asked.push(name, ...Object.keys(inputs));
        return step;
      },
      retrain: () => step,
    } as never);
    return asked;
  };
  expect(plan({ score: 'null-mass' })).toEqual(['leakage', 'maps', 'data']);
  expect(plan({ score: 'diffroar' })).toHaveLength(3 + 16);
});

test.each([
  [{ score: 'roar' }, 'score is "roar", expected one of null-mass, null-top, diffroar'],
  [
    { score: 'null-top', level: 0.4 },
    'level is 0.4, expected a share between 0 and 1, for null-top one of 0.025, 0.05',
  ],
])('refuses %j', (parameters, message) => {
  expect(() => judge(asking(parameters), [null])).toThrow(message);
});
