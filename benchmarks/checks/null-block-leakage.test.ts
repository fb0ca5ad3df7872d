/** Calibration: what the check says of maps whose right answer is known. */
import { type AttributionMaps, type Split, stream } from 'attribench';
import { describe, expect, test } from 'vitest';
import check from './null-block-leakage.ts';
import { LEVELS, topCount } from './support/leakage.ts';
import { blocks, content, evaluate, IndexOrder, judge, mapsOf, measureOf, PIXELS } from './support/testing.ts';

const TRAININGS = [0, 1, 2, 3, 4];
/** The null block is always above: an order by index would favour it. */
const SPLIT = blocks(60, () => false);
const inSignal = (split: Split, image: number, i: number) => split.masks?.signal[image * PIXELS + i] === 1;

async function judged(
  mapsFor: (t: number) => AttributionMaps,
  tiesFor = (t: number) => stream('ties', t),
  data = SPLIT,
) {
  const outputs = TRAININGS.map((t) =>
    evaluate(check, { maps: { maps: mapsFor(t) }, datasets: { data: content(data) } }, tiesFor(t)),
  );
  return judge(check, await Promise.all(outputs));
}

/**
 * Standard error of a random top-k's share in a null block of half the image: the count is hypergeometric.
 * Four of these at seven levels are passed by chance by fewer than one seed in 2,000.
 */
function chanceError(percent: number): number {
  const k = topCount(percent, PIXELS);
  const variance = (0.25 / k) * ((PIXELS - k) / (PIXELS - 1));
  return Math.sqrt(variance / (SPLIT.labels.length * TRAININGS.length));
}

describe('calibration', () => {
  test('the oracle leaks nothing and passes', async () => {
    const judgement = await judged(() => mapsOf(SPLIT, (image, i) => (inSignal(SPLIT, image, i) ? 1 : 0)));
    for (const id of ['null-mass', ...LEVELS.map((percent) => `null-top-${percent}`)]) {
      expect(measureOf(judgement, id)).toMatchObject({ estimate: 0, better: 'lower' });
    }
    expect(judgement.verdict).toBe('pass');
  });

  test('the inverted oracle leaks everything and fails', async () => {
    const judgement = await judged(() => mapsOf(SPLIT, (image, i) => (inSignal(SPLIT, image, i) ? 0 : 1)));
    for (const id of ['null-mass', ...LEVELS.map((percent) => `null-top-${percent}`)]) {
      expect(measureOf(judgement, id).estimate).toBe(1);
    }
    expect(judgement.verdict).toBe('fail');
  });

  test.each(['magnitude', 'value'] as const)('a random map scores one half, ranked by %s', async (rank) => {
    const judgement = await judged((t) => {
      const random = stream('random map', t);
      return mapsOf(SPLIT, () => random.normal(), rank);
    });
    const mass = measureOf(judgement, 'null-mass').interval;
    expect(mass?.[0]).toBeLessThan(0.5);
    expect(mass?.[1]).toBeGreaterThan(0.5);
    for (const percent of LEVELS) {
      expect(Math.abs((measureOf(judgement, `null-top-${percent}`).estimate ?? 0) - 0.5)).toBeLessThan(
        4 * chanceError(percent),
      );
    }
    expect(judgement.verdict).toBe('fail');
  });

  /** Whether a constant map scores chance at every level. */
  async function constantScoresChance(tiesFor: (t: number) => ReturnType<typeof stream>): Promise<boolean> {
    const judgement = await judged(() => mapsOf(SPLIT, () => 1), tiesFor);
    return LEVELS.every((percent) => {
      const { estimate } = measureOf(judgement, `null-top-${percent}`);
      return Math.abs((estimate ?? 0) - 0.5) < 4 * chanceError(percent);
    });
  }

  test('a constant map scores chance because ties are broken at random, and only then', async () => {
    expect(await constantScoresChance((t) => stream('ties', t))).toBe(true);
    expect(await constantScoresChance((t) => new IndexOrder(['by index', t]))).toBe(false);
  });

  test('its share of |attribution| in the null block is the share of the area', async () => {
    const constant = measureOf(await judged(() => mapsOf(SPLIT, () => -2)), 'null-mass');
    expect(constant).toMatchObject({ estimate: 0.5, interval: [0.5 - 1 / 60, 0.5 + 1 / 60], chance: 0.5 });
  });
});

test('moving coordinates moves nothing: maps, masks and images permuted alike score alike', async () => {
  const random = stream('equivariance');
  const order = random.permutation(PIXELS);
  const permuted = <T extends Uint8Array | Float32Array>(values: T): T =>
    values.map((_, i) => values[i - (i % PIXELS) + (order[i % PIXELS] ?? 0)] ?? 0) as T;
  const maps = mapsOf(SPLIT, () => random.normal());
  const masks = SPLIT.masks ?? { signal: new Uint8Array(), null: new Uint8Array() };
  const moved: Split = { ...SPLIT, masks: { signal: permuted(masks.signal), null: permuted(masks.null) } };
  const [here, there] = [
    await judged(() => maps),
    await judged(() => ({ ...maps, values: permuted(maps.values) }), undefined, moved),
  ];
  for (const { id, estimate } of here.measures) {
    expect(measureOf(there, id).estimate).toBeCloseTo(estimate ?? Number.NaN, 12);
  }
});

test('the same map scores the same whatever its scale, and by the same ties whoever made it', async () => {
  const draw = (scale: number) => {
    const random = stream('scale');
    return mapsOf(SPLIT, () => scale * (random.integer(5) - 2));
  };
  const [one, other] = [await judged(() => draw(1)), await judged(() => draw(1024))];
  expect(other).toEqual(one);
});

test('a map that knows a little is neither pass nor fail until the trainings agree', async () => {
  const near = await judged((t) => mapsOf(SPLIT, (image, i) => (inSignal(SPLIT, image, i) ? 3 : 1 + 0.1 * (t - 2))));
  expect(measureOf(near, 'null-mass').estimate).toBeCloseTo(0.25, 2);
  expect(near.verdict).toBe('undecided');
});

test('two excluded trainings of five leave the verdict undecided, one does not', async () => {
  const maps = mapsOf(SPLIT, (image, i) => (inSignal(SPLIT, image, i) ? 1 : 0));
  const output = await evaluate(check, { maps: { maps }, datasets: { data: content(SPLIT) } });
  expect(judge(check, [output, null, output, output, output]).verdict).toBe('pass');
  expect(judge(check, [output, null, output, null, output]).verdict).toBe('undecided');
});

test('the interval of a random map covers its analytic value in 95 % of runs', async () => {
  const split = blocks(10, () => false);
  const covered = { 'null-mass': 0, 'null-top-10': 0 };
  const runs = 400;
  for (let run = 0; run < runs; run++) {
    const judgement = await judged(
      (t) => {
        const random = stream('coverage', run, t);
        return mapsOf(split, () => random.normal());
      },
      (t) => stream('ties', run, t),
      split,
    );
    for (const id of ['null-mass', 'null-top-10'] as const) {
      const [low, high] = measureOf(judgement, id).interval ?? [1, 0];
      if (low <= 0.5 && 0.5 <= high) covered[id]++;
    }
  }
  // Four standard errors of a share of .95 over 400 runs.
  for (const count of Object.values(covered)) expect(Math.abs(count / runs - 0.95)).toBeLessThan(0.044);
});
