import { type EvaluationOutput, type Judgement, mean, measure, type Parameters, stream, UsageError } from 'attribench';
import { describe, expect, test } from 'vitest';
import check from './diffroar.ts';
import { conditionsOf, settingsFor, settingsOf } from './support/diffroar-conditions.ts';
import { type Curve, curveOf, type Predictions } from './support/diffroar-curve.ts';
import { blocks, brightness, content, evaluate, mapsOf, measureOf, PIXELS } from './support/testing.ts';

const SETTINGS: Parameters = {
  ...check.parameters,
  levels: [0.05, 0.2, 0.9],
  maskLevels: [0.2],
  roadLevels: [0.2],
  rankings: ['class', 'drawn-class'],
  rankingLevels: [0.2],
  maskRankings: ['drawn-class'],
  controlMaskLevels: [0.2],
  retrainings: 3,
};
const settings = settingsOf(SETTINGS);
const cell = (parameters: Parameters) => {
  const plugin = (id: string) => ({ id, revision: 1, parameters: {} });
  return {
    check: { id: check.id, revision: 1, parameters },
    dataset: plugin('data'),
    model: plugin('model'),
    training: plugin('training'),
    method: plugin('method'),
  };
};

function judged(curves: readonly (Curve | null)[], parameters: Parameters = SETTINGS): Judgement {
  const outputs = curves.map(
    (value): EvaluationOutput =>
      value === null ? { status: 'excluded', reason: 'a retraining diverged' } : { status: 'completed', value },
  );
  return check.judge(outputs, cell(parameters));
}

/** A curve of random accuracies, from `offset` up on the top sides. */
function drawn(t: number, offset = 0): Curve {
  const random = stream('curve', t);
  const accuracy = Object.fromEntries(
    conditionsOf(settings).map(({ id, side }) => [
      id,
      [0, 1, 2].map(() => 0.4 + 0.1 * random.uniform() + (side === 'top' ? offset : 0)),
    ]),
  );
  return {
    images: 1000,
    accuracy,
    imageError: { 5: 0.01, 20: 0.02, 90: 0.03, primary: 0.015 },
    constant: 0,
    role: 'method',
  };
}

describe('conditions', () => {
  test('are the levels on both sides, the controls, and everything in two draws', () => {
    expect(conditionsOf(settings).map(({ id }) => id)).toEqual([
      ...['top-5', 'bottom-5', 'top-20', 'bottom-20', 'top-90', 'bottom-90'],
      ...['image-mask-top-20', 'image-mask-bottom-20', 'mask-top-20', 'mask-bottom-20'],
      ...['road-top-20', 'road-bottom-20', 'class-top-20', 'class-bottom-20'],
      ...['drawn-class-top-20', 'drawn-class-bottom-20'],
      ...['drawn-class-image-mask-top-20', 'drawn-class-image-mask-bottom-20'],
      ...['drawn-class-mask-top-20', 'drawn-class-mask-bottom-20'],
      ...['full-top', 'full-bottom'],
    ]);
  });

  test('of a control are the curve, its mask levels and everything; of a method and the oracle all', () => {
    const of = (role: 'method' | 'control' | 'oracle', parameters: Parameters = SETTINGS) =>
      conditionsOf(settingsFor(settingsOf(parameters), role)).map(({ id }) => id);
    expect(of('control')).toEqual([
      ...['top-5', 'bottom-5', 'top-20', 'bottom-20', 'top-90', 'bottom-90'],
      ...['image-mask-top-20', 'image-mask-bottom-20', 'mask-top-20', 'mask-bottom-20', 'full-top', 'full-bottom'],
    ]);
    expect(of('control', { ...SETTINGS, controlMaskLevels: [] })).toHaveLength(8);
    expect(of('oracle')).toEqual(of('method'));
    expect(of('method')).toHaveLength(22);
  });

  test('have no mask control of rankings and levels that are not run', () => {
    const parameters = { ...SETTINGS, rankings: ['class'], maskRankings: ['drawn-class'], controlMaskLevels: [0.1] };
    expect(settingsOf(parameters)).toMatchObject({ maskRankings: [], controlMaskLevels: [] });
  });

  test('without retraining are the levels alone', () => {
    expect(conditionsOf({ ...settings, retrain: false })).toHaveLength(6);
  });

  test('the mask control differs by its input alone; imputation and rankings by theirs', () => {
    const all = new Map(conditionsOf(settings).map((condition) => [condition.id, condition]));
    const plain = { level: 0.2, side: 'top', ranking: 'image', removal: 'zero', input: 'image' };
    expect(all.get('top-20')).toEqual({ ...plain, id: 'top-20' });
    expect(all.get('mask-top-20')).toEqual({ ...plain, id: 'mask-top-20', input: 'mask' });
    expect(all.get('image-mask-top-20')).toEqual({ ...plain, id: 'image-mask-top-20', input: 'image+mask' });
    expect(all.get('road-top-20')).toEqual({ ...plain, id: 'road-top-20', removal: 'road' });
    expect(all.get('class-top-20')).toEqual({ ...plain, id: 'class-top-20', ranking: 'class' });
    const drawn = { ...plain, ranking: 'drawn-class' };
    expect(all.get('drawn-class-top-20')).toEqual({ ...drawn, id: 'drawn-class-top-20' });
    expect(all.get('drawn-class-mask-top-20')).toEqual({ ...drawn, id: 'drawn-class-mask-top-20', input: 'mask' });
    expect(all.get('drawn-class-image-mask-top-20')).toEqual({
      ...drawn,
      id: 'drawn-class-image-mask-top-20',
      input: 'image+mask',
    });
  });

  test.each([
    [{ levels: [0.2, 0.1] }, 'levels is [0.2,0.1], expected ascending shares'],
    [{ levels: [0.1, 1] }, 'levels is [0.1,1]'],
    [{ maskLevels: [0] }, 'maskLevels is [0]'],
    [{ levels: [0.3] }, 'expected one of 0.05, 0.1, 0.2 among them'],
    [{ retrainings: 0 }, 'retrainings is 0, expected an integer from 1'],
  ])('%j is refused', (wrong, message) => {
    const parse = () => settingsOf({ ...SETTINGS, ...wrong });
    expect(parse).toThrow(UsageError);
    expect(parse).toThrow(message);
  });
});

describe('a curve', () => {
  const random = stream('predictions');
  const labels = Int32Array.from({ length: 40 }, () => random.integer(3));
  const list = () => Int32Array.from(labels, (label) => (random.uniform() < 0.6 ? label : random.integer(3)));
  const predictions: Predictions = new Map(['a', 'b', 'c', 'd'].map((id) => [id, [list(), list()]]));
  const pairs = [
    { id: 'one', top: 'a', bottom: 'b' },
    { id: 'two', top: 'c', bottom: 'd' },
  ];
  const curve = curveOf(labels, predictions, pairs, pairs);

  /** By definition: over images, of each image's mean over pairs and retrainings of right less right. */
  function slowError(chosen: typeof pairs): number {
    const right = (id: string, r: number, i: number) => (predictions.get(id)?.[r]?.[i] === labels[i] ? 1 : 0);
    const values = [...labels.keys()].map((i) =>
      mean(chosen.flatMap(({ top, bottom }) => [0, 1].map((r) => right(top, r, i) - right(bottom, r, i)))),
    );
    const squares = values.reduce((sum, value) => sum + (value - mean(values)) ** 2, 0);
    return Math.sqrt(squares / (40 * 39));
  }

  test('holds the accuracy of every retraining', () => {
    for (const [id, lists] of predictions) {
      const slow = lists.map((classes) => [...classes].filter((one, i) => one === labels[i]).length / 40);
      expect(curve.accuracy[id]).toEqual(slow);
    }
  });

  test('has paired errors over images that equal their slow twin', () => {
    expect(curve.imageError.one).toBeCloseTo(slowError(pairs.slice(0, 1)), 12);
    expect(curve.imageError.two).toBeCloseTo(slowError(pairs.slice(1)), 12);
    expect(curve.imageError.primary).toBeCloseTo(slowError(pairs), 12);
  });

  test('of equal predictions has no paired error, however inaccurate they are', () => {
    const same = list();
    const both: Predictions = new Map(['a', 'b'].map((id) => [id, [same]]));
    expect(curveOf(labels, both, pairs.slice(0, 1), pairs.slice(0, 1)).imageError).toEqual({ one: 0, primary: 0 });
  });

  test('counts retrainings that predict one class', () => {
    const constant: Predictions = new Map([['a', [new Int32Array(40), list()]]]);
    expect(curveOf(labels, constant, [], []).constant).toBe(1);
  });

  test('refuses predictions of other images', () => {
    expect(() => curveOf(labels, new Map([['a', [new Int32Array(39)]]]), [], [])).toThrow('39 predictions for 40');
  });
});

describe('measures', () => {
  const curves = [0, 1, 2, 3, 4].map((t) => drawn(t));
  const judgement = judged(curves);
  const values = (id: string) => measureOf(judgement, id).replicates.map(({ value }) => value ?? Number.NaN);
  const accuracy = (t: number, id: string) => mean(curves[t]?.accuracy[id] ?? []);
  const difference = (t: number, top: string, bottom: string) => accuracy(t, top) - accuracy(t, bottom);

  /** Each measure by its definition, for one attribution model. */
  const definitions: { readonly [id: string]: (t: number) => number } = {
    diffroar: (t) => (difference(t, 'top-5', 'bottom-5') + difference(t, 'top-20', 'bottom-20')) / 2,
    'diffroar-90': (t) => difference(t, 'top-90', 'bottom-90'),
    'top-5': (t) => accuracy(t, 'top-5'),
    'bottom-90': (t) => accuracy(t, 'bottom-90'),
    'pixels-top-20': (t) => difference(t, 'image-mask-top-20', 'mask-top-20'),
    'pixels-bottom-20': (t) => difference(t, 'image-mask-bottom-20', 'mask-bottom-20'),
    'pixels-diffroar-20': (t) =>
      difference(t, 'image-mask-top-20', 'mask-top-20') - difference(t, 'image-mask-bottom-20', 'mask-bottom-20'),
    'drawn-class-pixels-top-20': (t) => difference(t, 'drawn-class-image-mask-top-20', 'drawn-class-mask-top-20'),
    'drawn-class-pixels-diffroar-20': (t) =>
      difference(t, 'drawn-class-image-mask-top-20', 'drawn-class-mask-top-20') -
      difference(t, 'drawn-class-image-mask-bottom-20', 'drawn-class-mask-bottom-20'),
    'diffroar-drawn-class-20': (t) => difference(t, 'drawn-class-top-20', 'drawn-class-bottom-20'),
    'road-diffroar-20': (t) => difference(t, 'road-top-20', 'road-bottom-20'),
    'diffroar-class-20': (t) => difference(t, 'class-top-20', 'class-bottom-20'),
    full: (t) => (accuracy(t, 'full-top') + accuracy(t, 'full-bottom')) / 2,
    'full-difference': (t) => difference(t, 'full-top', 'full-bottom'),
    kar: (t) =>
      (0.15 * (accuracy(t, 'top-5') + accuracy(t, 'top-20')) + 0.7 * (accuracy(t, 'top-20') + accuracy(t, 'top-90'))) /
      (2 * 0.85),
    area: (t) =>
      (0.15 * (difference(t, 'top-5', 'bottom-5') + difference(t, 'top-20', 'bottom-20')) +
        0.7 * (difference(t, 'top-20', 'bottom-20') + difference(t, 'top-90', 'bottom-90'))) /
      (2 * 0.85),
    'image-error': () => 0.015,
    'image-error-90': () => 0.03,
  };

  test.each(Object.entries(definitions))('%s equals its definition, by training', (id, define) => {
    const got = values(id);
    got.forEach((value, t) => {
      expect(value).toBeCloseTo(define(t), 12);
    });
    expect(measureOf(judgement, id)).toMatchObject({
      n: { models: 5, retrainings: 3, images: 1000 },
      unit: 'accuracy',
    });
  });

  test('ROAR is what the area lacks of KAR', () => {
    const [area, kar, roar] = ['area', 'kar', 'roar'].map(values);
    area?.forEach((value, t) => {
      expect(value).toBeCloseTo((kar?.[t] ?? 9) - (roar?.[t] ?? 9), 12);
    });
  });

  test("the paper's spread over all pairs is that of tops and of bottoms, added in squares", () => {
    const variance = (list: readonly number[]) => mean(list.map((value) => (value - mean(list)) ** 2));
    values('retraining-spread').forEach((value, t) => {
      const over = (side: string) =>
        [0, 1, 2].map((r) => mean([5, 20].map((at) => curves[t]?.accuracy[`${side}-${at}`]?.[r] ?? Number.NaN)));
      expect(value).toBeCloseTo(Math.sqrt(variance(over('top')) + variance(over('bottom'))), 12);
    });
    expect(judged(curves.map(single), { ...SETTINGS, retrainings: 1 }).measures.map(({ id }) => id)).not.toContain(
      'retraining-spread',
    );
  });

  test('differences may be negative, and their intervals too', () => {
    const { interval, estimate } = measureOf(judged([0, 1, 2].map((t) => drawn(t, -0.3))), 'diffroar');
    expect(estimate).toBeLessThan(-0.2);
    expect(interval?.[1]).toBeLessThan(0);
  });

  test('the interval is that of t over attribution models', () => {
    const { interval } = measureOf(judgement, 'diffroar');
    const slow = measure({ id: 'x', unit: 'logit', better: 'higher', images: 1, values: values('diffroar') }).interval;
    expect(interval).toEqual(slow);
  });

  test('of a control are of its own conditions, and need no others', () => {
    const own = conditionsOf(settingsFor(settings, 'control')).map(({ id }) => id);
    const control = curves.map((curve) => ({
      ...curve,
      role: 'control' as const,
      accuracy: Object.fromEntries(Object.entries(curve.accuracy).filter(([id]) => own.includes(id))),
    }));
    const ids = judged(control).measures.map(({ id }) => id);
    expect(ids).toEqual(judgement.measures.map(({ id }) => id).filter((id) => !/road|class/.test(id)));
    expect(ids).toContain('pixels-diffroar-20');
  });

  test('without retraining are of the curve alone', () => {
    const ids = judged(curves, { ...SETTINGS, retrain: false }).measures.map(({ id }) => id);
    expect(ids.filter((id) => /^(mask|image-mask|pixels|road|full)/.test(id))).toEqual([]);
  });
});

/** The first retraining of each condition. */
function single(curve: Curve): Curve {
  const accuracy = Object.fromEntries(Object.entries(curve.accuracy).map(([id, values]) => [id, values.slice(0, 1)]));
  return { ...curve, accuracy };
}

describe('the judgement', () => {
  test.each([
    ['pass', 0.2],
    ['fail', -0.2],
    ['undecided', 0],
  ] as const)('is %s where the top side gains %f', (verdict, gain) => {
    expect(judged([0, 1, 2, 3, 4].map((t) => drawn(t, gain))).verdict).toBe(verdict);
  });

  test('is undecided with fewer than four valid models of five', () => {
    const curves = [drawn(0, 0.2), drawn(1, 0.2), drawn(2, 0.2)];
    expect(judged([...curves, null, null]).verdict).toBe('undecided');
    expect(judged([...curves, drawn(3, 0.2), null]).verdict).toBe('pass');
  });

  test('tells the levels one by one with adjusted p values, the mask control, and what the spread leaves out', () => {
    const { notes } = judged([0, 1, 2, 3, 4].map((t) => drawn(t, 0.2)));
    expect(notes[0]).toMatch(/Holm-adjusted over the levels: 5 % p = \S+, 20 % p = \S+, 90 % p = \S+\.$/);
    expect(notes[1]).toMatch(/^Mask control at 20 %: networks that see the mask and no pixel reach 0\.\d{3} \(top\)/);
    expect(notes[2]).toContain('It understates the error');
    expect(notes).toHaveLength(3);
  });
});

describe('without retraining', () => {
  // The class is the brightness of the first pixels: these are the signal.
  const data = content(blocks(400, () => true));
  const labels = (image: number) => {
    const seen = data.splits.test.images.slice(image * PIXELS, image * PIXELS + 8);
    return mean(seen) > 0.5 ? 1 : 0;
  };
  const split = { ...data.splits.test, labels: Int32Array.from({ length: 400 }, (_, image) => labels(image)) };
  const labelled = { ...data, splits: { ...data.splits, test: split } };
  const unretrained = async (value: (coordinate: number) => number) => {
    const parameters = { ...SETTINGS, retrain: false, levels: [0.2, 0.5] };
    const opened = {
      datasets: { data: labelled },
      maps: { maps: mapsOf(split, (_, coordinate) => value(coordinate)) },
      networks: { weights: brightness(0, 8) },
    };
    const output = await evaluate({ ...check, parameters }, opened, stream('ties'), 'unretrained');
    return measureOf(judged([output as Curve], parameters), 'diffroar').estimate ?? Number.NaN;
  };

  test('the network itself predicts the masked images: an oracle is positive, its inverse as negative', async () => {
    const oracle = await unretrained((coordinate) => (coordinate < 8 ? 2 - coordinate / 8 : 0));
    const inverse = await unretrained((coordinate) => (coordinate < 8 ? 0.1 - coordinate / 80 : 1));
    expect(oracle).toBeGreaterThan(0.1);
    expect(inverse).toBeLessThan(-0.1);
  });
});

test('the steps ask for every condition and retraining, all with the same settings', () => {
  const asked: unknown[] = [];
  const step = (label: string) => ({ label }) as never;
  const steps = check.steps({
    cell: cell(SETTINGS),
    role: 'method',
    trainings: [0],
    dataset: () => step('data'),
    weights: () => step('weights'),
    maps: () => step('maps'),
    retrain: (_, choice) => {
      asked.push(choice);
      return step('retraining');
    },
    evaluate: (name, inputs) => step(`${name} ${Object.keys(inputs).length}`),
  });
  expect(steps).toEqual([{ label: 'curve 68' }]);
  expect(asked).toHaveLength(22 * 3);
  const descent = { epochs: 8, learningRate: 0.1, batchSize: 256, weightDecay: 5e-4, cropPadding: 0, flip: false };
  for (const choice of asked) expect(choice).toMatchObject({ settings: descent });
});
