/** Calibration of DiffROAR where the answer is known. */
import { wilson } from 'attribench';
import { describe, expect, test } from 'vitest';
import { measureOf } from '../checks/support/testing.ts';
import { CANDIDATES } from './candidates.ts';
import { SCENARIOS } from './scenarios.ts';
import { LEVEL, replicateOf } from './study.ts';
import { falseVerdicts, judgePlanted, type MapValue, smallData } from './verdicts.ts';

const oracle: MapValue = (isSignal, jitter) => (isSignal ? 1 + jitter : jitter);
const inverse: MapValue = (isSignal, jitter) => -oracle(isSignal, jitter);

describe('the verdict', () => {
  test.each([
    ['an oracle', 'pass', oracle, 0.2],
    ['its inverse', 'fail', inverse, -0.2],
  ] as const)('on %s is %s by a wide margin', async (_, verdict, value, bound) => {
    for (let seed = 0; seed < 5; seed++) {
      const judgement = await judgePlanted(smallData(seed), value, seed);
      expect(judgement.verdict).toBe(verdict);
      expect((measureOf(judgement, 'diffroar').estimate ?? 0) / bound).toBeGreaterThan(1);
    }
  });

  test('on an oracle of features without strength finds no difference', async () => {
    const { estimate } = measureOf(await judgePlanted(smallData(0, { strength: 0 }), oracle, 0), 'diffroar');
    // Five standard errors of a difference of two accuracies of 100 images, over five models.
    expect(Math.abs(estimate ?? 1)).toBeLessThan((5 * Math.sqrt(0.5 / 100)) / Math.sqrt(5));
  });

  test('on a random map passes and fails falsely in one of forty runs each', async () => {
    const { runs, pass, fail } = await falseVerdicts(200);
    for (const { count } of [pass, fail]) {
      const [low, high] = wilson(count, runs, 0.99);
      expect(low).toBeLessThan(0.025);
      expect(high).toBeGreaterThan(0.025);
    }
  });
});

describe('on planted maps', () => {
  /** Candidates by id on one replicate of a scenario. */
  async function measured(scenario: string, ...ids: string[]): Promise<number[]> {
    const found = SCENARIOS.find(({ id }) => id === scenario);
    if (found === undefined) throw new Error(`no scenario ${scenario}`);
    const { explained } = await replicateOf(found, 0);
    const chosen = ids.flatMap((id) => CANDIDATES.filter((one) => one.id === id));
    return Promise.all(chosen.map(({ measure }) => measure(explained, LEVEL)));
  }

  test('plain DiffROAR takes a leak through the shape of the mask for signal, what the pixels add does not', async () => {
    const [plain, pixels, drawn] = await measured('leak-top', 'image', 'pixels', 'drawn-class');
    expect(plain).toBeGreaterThan(0.3);
    expect(Math.abs(pixels ?? 1)).toBeLessThan(0.06);
    expect(Math.abs(drawn ?? 1)).toBeLessThan(0.1);
  });

  test('and is blind to signal where both sides leak, which maps of a class drawn at random are not', async () => {
    const [plain, drawn] = await measured('signal-top-leak-both', 'image', 'drawn-class');
    expect(Math.abs(plain ?? 1)).toBeLessThan(0.06);
    expect(drawn).toBeGreaterThan(0.2);
  });
});
