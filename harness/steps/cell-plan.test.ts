import { describe, expect, it } from 'vitest';
import type { Cell, PluginKind, Step } from '../contracts.ts';
import { defineCheck, defineDataset, defineMethod, defineModel, defineTraining, type Plugin } from '../define.ts';
import { StepBook } from './cell-plan.ts';

const unused = () => expect.fail('planning must not run plugins');
const described = { title: 'Toy', cite: 'none', revision: 1 };
const method = { ...described, needs: ['logits'], rank: 'magnitude', attribute: unused } as const;
const plugins: readonly Plugin[] = [
  defineDataset({ id: 'digits', ...described, parameters: { seed: 1 }, load: unused }),
  defineDataset({
    id: 'blocks',
    ...described,
    parameters: { seed: 2, digits: 'digits' },
    sources: ({ digits }) => [{ id: digits }],
    load: unused,
  }),
  defineModel({ id: 'mlp', ...described, parameters: { width: 8 }, build: unused }),
  defineModel({ id: 'linear', ...described, build: unused }),
  defineTraining({ id: 'standard', ...described, parameters: { epochs: 3 }, train: unused }),
  defineTraining({ id: 'robust', ...described, parameters: { eps: 2 }, train: unused }),
  defineTraining({ id: 'own', ...described, given: true, train: unused }),
  defineMethod({ id: 'gradient', ...method, parameters: { samples: 5 } }) as Plugin as never,
  defineMethod({
    id: 'baseline',
    ...method,
    requires: { auxiliary: { linear: { model: 'linear', training: 'standard' } } },
  }) as Plugin as never,
  defineCheck({
    id: 'leak',
    ...described,
    subject: 'method',
    criterion: 'none',
    primary: 'x',
    evaluations: { leak: unused },
    steps: unused,
    judge: unused,
  }),
] as readonly Plugin[];

function book(settings: { seed?: number; overrides?: object; revised?: string; engine?: string } = {}): StepBook {
  return new StepBook({
    registry: {
      find: ((kind: PluginKind, id: string) => {
        const plugin = plugins.find((candidate) => candidate.kind === kind && candidate.id === id);
        if (plugin === undefined) throw new Error(`no ${kind} ${id}`);
        const code = settings.revised === id ? 'new' : 'old';
        const reference = { kind, id, revision: 1, module: `file:///${id}`, export: 'default', code };
        return { plugin, id, reference, file: id };
      }) as never,
    },
    engine: { name: settings.engine ?? 'wasm', version: '1' },
    seed: settings.seed ?? 0,
    trainings: 3,
    overrides: (settings.overrides ?? {}) as never,
  });
}

function plan(from: StepBook, ids: { method?: string; training?: string; model?: string } = {}) {
  const cell: Cell = {
    check: from.resolve('check', { id: 'leak' }),
    dataset: from.resolve('dataset', { id: 'blocks' }),
    model: from.resolve('model', { id: ids.model ?? 'mlp' }),
    training: from.resolve('training', { id: ids.training ?? 'standard' }),
    method: from.resolve('method', { id: ids.method ?? 'gradient' }),
  };
  return from.plan(cell);
}

const evaluation = (from: StepBook, ids: Parameters<typeof plan>[1] = {}, t = 0): Step => {
  const p = plan(from, ids);
  return p.evaluate('leak', { maps: p.maps(t), data: p.dataset() }, { training: t });
};

describe('StepBook', () => {
  it('asks for each step once, inputs first', () => {
    const steps = book();
    expect(evaluation(steps)).toBe(evaluation(steps));
    const seen = new Set<string>();
    for (const step of steps.steps) {
      for (const { key } of Object.values(step.inputs)) expect(seen).toContain(key);
      seen.add(step.key);
    }
    expect(steps.steps.map((step) => step.kind)).toEqual([
      'dataset',
      'dataset',
      'training',
      'attribution',
      'evaluation',
    ]);
  });

  it('gives the same keys again', () => {
    expect(evaluation(book()).key).toBe(evaluation(book()).key);
  });

  it.each([
    ['seed', { seed: 1 }],
    ['engine', { engine: 'cpu' }],
    ["method's code", { revised: 'gradient' }],
    ["model's code", { revised: 'mlp' }],
    ["training's parameters", { overrides: { standard: { epochs: 4 } } }],
    ["a source data set's parameters", { overrides: { digits: { seed: 9 } } }],
    ["the check's code", { revised: 'leak' }],
  ])('gives other keys for another %s', (_, settings) => {
    expect(evaluation(book(settings)).key).not.toBe(evaluation(book()).key);
  });

  it("leaves trainings alone when a method's code changes", () => {
    expect(plan(book({ revised: 'gradient' })).weights(1).key).toBe(plan(book()).weights(1).key);
  });

  it('shares initial weights and batch order between standard and robust training', () => {
    const steps = book();
    const [standard, robust] = [plan(steps).weights(1), plan(steps, { training: 'robust' }).weights(1)];
    expect(robust.stream).toEqual(standard.stream);
    expect(robust.key).not.toBe(standard.key);
    expect(plan(steps).weights(2).stream).not.toEqual(standard.stream);
  });

  it('breaks ties alike for all methods and trainings of one index, and otherwise for another', () => {
    const steps = book();
    expect(evaluation(steps, { method: 'baseline' }).stream).toEqual(evaluation(steps).stream);
    expect(evaluation(steps, {}, 1).stream).not.toEqual(evaluation(steps).stream);
  });

  it('names the image of a map by method, parameters and training alone', () => {
    const steps = book();
    const [standard, robust] = [plan(steps).maps(1), plan(steps, { training: 'robust' }).maps(1)];
    expect(robust.stream).toEqual(standard.stream);
    const more = book({ overrides: { gradient: { samples: 6 } } });
    expect(plan(more).maps(1).stream).not.toEqual(standard.stream);
  });

  it("takes a suite's parameters before the profile's, and those before the plugin's", () => {
    const steps = book({ overrides: { standard: { epochs: 4 } } });
    expect(steps.resolve('training', { id: 'standard' }).parameters).toEqual({ epochs: 4 });
    expect(steps.resolve('training', { id: 'standard', parameters: { epochs: 5 } }).parameters).toEqual({ epochs: 5 });
  });

  it('asks for maps on another data set of the same trained model', () => {
    const p = plan(book());
    const [own, other] = [p.maps(0), p.maps(0, { dataset: { id: 'digits' } })];
    expect(other.inputs.weights).toEqual(own.inputs.weights);
    expect(other.inputs.data).toEqual({ kind: 'dataset', key: p.dataset({ id: 'digits' }).key });
  });

  it('adds the auxiliary networks of a method, of the same training index', () => {
    const steps = book();
    const maps = plan(steps, { method: 'baseline' }).maps(2);
    const auxiliary = steps.step(maps.inputs['auxiliary-linear']?.key ?? '');
    expect(auxiliary?.label).toBe('training linear--standard on blocks, training 2');
    expect(maps.plugins['auxiliary-linear']?.id).toBe('linear');
  });

  it('has one training where the weights are given', () => {
    expect(plan(book(), { training: 'own' }).trainings).toEqual([0]);
    expect(plan(book()).trainings).toEqual([0, 1, 2]);
  });

  describe('retraining', () => {
    const choice = { retraining: 0, level: 0.1, side: 'top' } as const;
    const retrainings = (ids: Parameters<typeof plan>[1] = {}, more: object = {}, t = 1) =>
      plan(book(), ids).retrain(t, { ...choice, ...more });

    it('reads the maps of both splits, and the model alone of the plugins', () => {
      const p = plan(book());
      const step = p.retrain(1, choice);
      expect(step.inputs).toEqual({
        data: { kind: 'dataset', key: p.dataset().key },
        train: { kind: 'attribution', key: p.maps(1, { split: 'train' }).key },
        test: { kind: 'attribution', key: p.maps(1).key },
      });
      expect(Object.keys(step.plugins)).toEqual(['model']);
    });

    it('draws the same for all methods, attribution trainings, levels, sides and maskings', () => {
      const others = [
        retrainings({ method: 'baseline' }),
        retrainings({ training: 'robust' }),
        retrainings({}, { level: 0.5, side: 'bottom' }),
        retrainings({}, { removal: 'road' }),
        retrainings({}, { input: 'mask' }),
        retrainings({}, { ranking: 'class' }),
      ];
      const first = retrainings();
      for (const other of others) {
        expect(other.stream).toEqual(first.stream);
        expect(other.parameters.step?.ties).toEqual(first.parameters.step?.ties);
      }
      expect(new Set([first, ...others].map(({ key }) => key)).size).toBe(others.length + 1);
    });

    it('draws otherwise for another model, training index or retraining', () => {
      const streams = [
        retrainings(),
        retrainings({ model: 'linear' }),
        retrainings({}, {}, 2),
        retrainings({}, { retraining: 1 }),
      ].map(({ stream }) => JSON.stringify(stream));
      expect(new Set(streams).size).toBe(streams.length);
    });

    it('on everything is one step for all methods and attribution trainings, in two draws', () => {
      const [first, second] = (['top', 'bottom'] as const).map((side) => retrainings({}, { level: 1, side }));
      expect(first?.stream).not.toEqual(second?.stream);
      for (const ids of [{ method: 'baseline' }, { training: 'robust' }]) {
        expect(retrainings(ids, { level: 1 }).key).toBe(first?.key);
        expect(retrainings(ids, { level: 1, side: 'bottom', removal: 'road' }).key).toBe(second?.key);
      }
      expect(Object.keys(first?.inputs ?? {})).toEqual(['data']);
    });

    it('resolves its settings, so that they are part of the key', () => {
      expect(retrainings().parameters.step?.descent).toMatchObject({ epochs: 8, momentum: 0.9, stopBelow: 0 });
      expect(retrainings({}, { settings: { epochs: 8 } }).key).toBe(retrainings().key);
      expect(retrainings({}, { settings: { epochs: 9 } }).key).not.toBe(retrainings().key);
    });
  });

  it('gives training images other random numbers than test images', () => {
    const p = plan(book());
    expect(p.maps(0, { split: 'train' }).stream).not.toEqual(p.maps(0).stream);
    expect(p.maps(0, { split: 'test' }).key).toBe(p.maps(0).key);
  });

  it('draws the classes to explain alike for all methods, and leaves the keys of predicted classes alone', () => {
    const [one, other] = [plan(book()), plan(book(), { method: 'baseline' })];
    const drawn = one.maps(0, { classes: 'drawn' });
    expect(one.maps(0, { classes: 'predicted' }).key).toBe(one.maps(0).key);
    expect(one.maps(0).parameters.step).not.toHaveProperty('classes');
    expect(drawn.key).not.toBe(one.maps(0).key);
    expect(other.maps(0, { classes: 'drawn' }).parameters.step?.classes).toEqual(drawn.parameters.step?.classes);
    expect(one.maps(1, { classes: 'drawn' }).parameters.step?.classes).not.toEqual(drawn.parameters.step?.classes);
    const retraining = one.retrain(0, { retraining: 0, level: 0.1, side: 'top', ranking: 'drawn-class' });
    expect(retraining.inputs.test?.key).toBe(drawn.key);
    expect(retraining.inputs.train?.key).toBe(one.maps(0, { classes: 'drawn', split: 'train' }).key);
  });

  it('keeps initial and final maps apart', () => {
    const p = plan(book());
    expect(p.maps(0, { weights: 'initial' }).key).not.toBe(p.maps(0).key);
  });
});
