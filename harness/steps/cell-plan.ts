/**
 * From cells to steps: what a check may ask for, and how each step is named.
 *
 * One StepBook serves a whole run, so that cells share data sets, trainings, maps and evaluations.
 */
import type {
  Cell,
  CellPlan,
  EngineIdentity,
  Json,
  MapsChoice,
  Parameters,
  PluginChoice,
  PluginKind,
  ResolvedPlugin,
  RetrainingChoice,
  Step,
  StepKind,
} from '../contracts.ts';
import { resolveParameters } from '../define.ts';
import { NotApplicable } from '../errors.ts';
import type { Registry } from '../plugins.ts';
import { retrainingSettings } from '../training/retrain.ts';
import { addressOf, makeStep } from './step.ts';
import { type Timings, timingName } from './timings.ts';

/** Images a batch in attribution steps: fixed, since a batch's boundaries could move last bits. */
const ATTRIBUTION_BATCH = 128;

/** Rough seconds on one core until a machine has timings of its own. */
const GUESS = {
  dataset: 1,
  training: 8,
  attribution: 1,
  retraining: 5,
  'stacked-retraining': 20,
  evaluation: 0.3,
} as const;

export interface BookSettings {
  readonly registry: Pick<Registry, 'find'>;
  readonly engine: EngineIdentity;
  readonly seed: number;
  readonly trainings: number;
  /** Parameters that a profile sets, by plugin id. */
  readonly overrides: { readonly [id: string]: Parameters };
  /** What steps took here before. */
  readonly timings?: Timings;
}

/** All steps of a run, each once, in an order in which inputs come first. */
export class StepBook {
  readonly #settings: BookSettings;
  readonly #steps = new Map<string, Step>();

  constructor(settings: BookSettings) {
    this.#settings = settings;
  }

  get steps(): readonly Step[] {
    return [...this.#steps.values()];
  }

  step(key: string): Step | undefined {
    return this.#steps.get(key);
  }

  /** A plugin with its parameters resolved: defaults, then the profile's, then the choice's. */
  resolve(kind: Exclude<PluginKind, 'profile'>, choice: PluginChoice): ResolvedPlugin {
    const { plugin, id } = this.#settings.registry.find(kind, choice.id);
    const parameters = resolveParameters(plugin, { ...this.#settings.overrides[id], ...choice.parameters });
    return { id, revision: plugin.revision, parameters };
  }

  /** What the checks of a cell may ask for, with as many trainings as the run has unless told otherwise. */
  plan(cell: Cell, trainings: number = this.#settings.trainings): CellPlan {
    const { registry } = this.#settings;
    const given = registry.find('training', cell.training.id).plugin.given;
    return {
      cell,
      role: cell.method === null ? null : registry.find('method', cell.method.id).plugin.role,
      trainings: Array.from({ length: given ? 1 : trainings }, (_, t) => t),
      dataset: (choice) => this.#dataset(choice === undefined ? cell.dataset : this.resolve('dataset', choice)),
      weights: (t) => this.#weights(cell.dataset, cell.model, cell.training, t),
      maps: (t, options) => this.#maps(cell, t, options),
      retrain: (t, choice) => this.#retrain(cell, t, choice),
      evaluate: (name, inputs, options) => this.#evaluate(cell, name, inputs, options),
    };
  }

  #dataset({ id, parameters }: ResolvedPlugin): Step {
    const { registry } = this.#settings;
    const { plugin, reference } = registry.find('dataset', id);
    const sources = plugin.sources(parameters).map((source) => this.#dataset(this.resolve('dataset', source)));
    return this.#add({
      kind: 'dataset',
      plugins: { dataset: reference },
      parameters: { dataset: parameters },
      inputs: Object.fromEntries(sources.map((source, i) => [`source-${i}`, addressOf(source)])),
      stream: ['data', id, parameters.seed ?? null],
      engine: null,
      label: `dataset ${id}`,
    });
  }

  #weights(dataset: ResolvedPlugin, model: ResolvedPlugin, training: ResolvedPlugin, t: number): Step {
    const { registry, engine, seed } = this.#settings;
    return this.#add({
      kind: 'training',
      plugins: {
        model: registry.find('model', model.id).reference,
        training: registry.find('training', training.id).reference,
      },
      parameters: { model: model.parameters, training: training.parameters },
      inputs: { data: addressOf(this.#dataset(dataset)) },
      // The training's own id stays out: standard and robust trainings share initial weights and order.
      stream: ['training', seed, named(dataset), named(model), t],
      engine,
      label: `training ${model.id}--${training.id} on ${dataset.id}, training ${t}`,
    });
  }

  #maps(cell: Cell, t: number, options: MapsChoice = {}): Step {
    const { registry, engine, seed } = this.#settings;
    const { method } = cell;
    if (method === null) throw new NotApplicable('maps need a method, and this cell has none');
    const found = registry.find('method', method.id);
    const dataset = options.dataset === undefined ? cell.dataset : this.resolve('dataset', options.dataset);
    const { weights: which = 'final', split = 'test', classes = 'predicted' } = options;
    const auxiliary = Object.entries(found.plugin.requires.auxiliary ?? {}).map(([name, { model, training }]) => {
      const chosen = this.resolve('model', { id: model });
      return {
        name: `auxiliary-${name}`,
        model: registry.find('model', model).reference,
        parameters: chosen.parameters,
        address: addressOf(this.#weights(cell.dataset, chosen, this.resolve('training', { id: training }), t)),
      };
    });
    return this.#add({
      kind: 'attribution',
      plugins: {
        method: found.reference,
        weights: registry.find('model', cell.model.id).reference,
        ...Object.fromEntries(auxiliary.map(({ name, model }) => [name, model])),
      },
      parameters: {
        method: method.parameters,
        weights: cell.model.parameters,
        step: {
          weights: which,
          split,
          batch: ATTRIBUTION_BATCH,
          // Names of the stream of classes, which knows no method; absent where the predicted class is explained.
          ...(classes === 'drawn' ? { classes: ['class', seed, named(dataset), t, split] } : {}),
        },
        ...Object.fromEntries(auxiliary.map(({ name, parameters }) => [name, parameters])),
      },
      inputs: {
        data: addressOf(this.#dataset(dataset)),
        weights: addressOf(this.#weights(cell.dataset, cell.model, cell.training, t)),
        ...Object.fromEntries(auxiliary.map(({ name, address }) => [name, address])),
      },
      // An image is named by its index in its split: training images must not share numbers with test images.
      stream: ['attribution', seed, method.id, method.parameters, t, ...(split === 'test' ? [] : [split])],
      engine,
      label: `attribution ${method.id} of ${cell.model.id}--${cell.training.id} on ${dataset.id}, training ${t}${
        which === 'initial' ? ', initial weights' : ''
      }${split === 'test' ? '' : `, ${split} images`}${classes === 'drawn' ? ', classes drawn at random' : ''}`,
    });
  }

  #retrain(cell: Cell, t: number, choice: RetrainingChoice): Step {
    const { registry, engine, seed } = this.#settings;
    const { dataset, model, training, method } = cell;
    const { retraining, level, side, ranking = 'image', removal = 'zero', input = 'image', settings = {} } = choice;
    const whole = level === 1;
    // Nothing is removed at level 1, so nothing of a method enters; its two sides are two draws of one training.
    const masking = whole
      ? { level, side: 'top', ranking: 'image', removal: 'zero', input }
      : { level, side, ranking, removal, input };
    const classes = ranking === 'drawn-class' ? 'drawn' : 'predicted';
    const maps = (split: 'train' | 'test') => addressOf(this.#maps(cell, t, { split, classes }));
    const what = whole
      ? `everything, ${side === 'top' ? 'first' : 'second'} draw`
      : `${side} ${percent(level)} % by ${method?.id} of ${model.id}--${training.id}`;
    return this.#add({
      kind: 'retraining',
      plugins: { model: registry.find('model', model.id).reference },
      parameters: {
        model: model.parameters,
        step: {
          ...masking,
          descent: { ...retrainingSettings(settings) },
          ties: ['ties', seed, named(dataset), t],
        },
      },
      inputs: {
        data: addressOf(this.#dataset(dataset)),
        ...(whole ? {} : { train: maps('train'), test: maps('test') }),
      },
      stream: [
        'retraining',
        seed,
        named(dataset),
        named(model),
        t,
        retraining,
        ...(whole && side === 'bottom' ? ['second'] : []),
      ],
      engine,
      label: `retraining ${model.id} on ${dataset.id}, ${input}, ${ranking}, ${removal}: ${what}, training ${t}, retraining ${retraining}`,
    });
  }

  #evaluate(
    cell: Cell,
    name: string,
    inputs: { readonly [name: string]: Step },
    options: { parameters?: Parameters; training?: number; cost?: number } = {},
  ): Step {
    const { registry, engine, seed } = this.#settings;
    const models = Object.entries(inputs).flatMap(([input, step]) => {
      const reference = step.kind === 'training' ? step.plugins.model : undefined;
      return reference === undefined ? [] : [{ input, reference, parameters: step.parameters.model ?? {} }];
    });
    const usesEngine = Object.values(inputs).some((step) => step.engine !== null);
    return this.#add({
      kind: 'evaluation',
      plugins: {
        check: registry.find('check', cell.check.id).reference,
        ...Object.fromEntries(models.map(({ input, reference }) => [input, reference])),
      },
      parameters: {
        check: cell.check.parameters,
        step: { evaluation: name, options: options.parameters ?? {} },
        ...Object.fromEntries(models.map(({ input, parameters }) => [input, parameters])),
      },
      inputs: Object.fromEntries(Object.entries(inputs).map(([input, step]) => [input, addressOf(step)])),
      stream: ['ties', seed, named(cell.dataset), options.training ?? null],
      engine: usesEngine ? engine : null,
      label: `evaluation ${name} of ${cell.check.id} for ${subjectOf(Object.values(inputs))}`,
      ...(options.cost === undefined ? {} : { cost: options.cost }),
    });
  }

  #add(parts: Omit<Step, 'key' | 'cost'> & { readonly cost?: number }): Step {
    const cost = this.#settings.timings?.[timingName(parts)] ?? parts.cost ?? GUESS[parts.kind];
    const step = makeStep({ ...parts, cost });
    const known = this.#steps.get(step.key);
    if (known !== undefined) return known;
    this.#steps.set(step.key, step);
    return step;
  }
}

/** The label of the input that an evaluation is about: maps before weights before data. */
function subjectOf(inputs: readonly Step[]): string {
  const kinds: readonly StepKind[] = [
    'attribution',
    'training',
    'dataset',
    'retraining',
    'stacked-retraining',
    'evaluation',
  ];
  const about = [...inputs].sort((a, b) => kinds.indexOf(a.kind) - kinds.indexOf(b.kind))[0];
  return about?.label ?? 'nothing';
}

/** A share as a percentage without trailing digits: 0.05 is 5, 0.025 is 2.5. */
function percent(share: number): number {
  return Number((100 * share).toPrecision(6));
}

/** What names a plugin in a stream: its id and parameters, not its revision. */
function named({ id, parameters }: ResolvedPlugin): Json {
  return { id, parameters };
}
