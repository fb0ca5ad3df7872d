/**
 * The plugins and the profile of the made-up benchmark that tests use.
 */
import { defineCheck, defineDataset, defineMethod, defineModel, defineProfile, defineTraining } from '../define.ts';
import { catalogueOf } from './catalogue.ts';

/** Trainings of every setting. */
export const TRAININGS = 5;
const cite = 'made up';
const never = () => {
  throw new Error('[attribench] the sample is never run');
};

export const sampleMethods = (
  [
    ['input-gradient', 'Input gradient', 'method'],
    ['smooth-grad', 'SmoothGrad', 'method'],
    ['input-x-gradient', 'Input × gradient', 'method'],
    ['random', 'Random', 'control'],
    ['truth', 'True mask', 'oracle'],
    ['needy', 'Rules only', 'method'],
  ] as const
).map(([id, title, role]) =>
  defineMethod({ id, title, cite, revision: 1, role, needs: ['logits'], rank: 'magnitude', attribute: never }),
);

const datasets = [
  defineDataset({
    id: 'blocks',
    title: 'Blocks',
    cite,
    revision: 1,
    parameters: { digits: [0, 1] },
    load: never,
  }),
  defineDataset({ id: 'blocks-top', title: 'Blocks, signal on top', cite, revision: 1, load: never }),
];
const model = defineModel({ id: 'mlp', title: 'MLP', cite, revision: 1, build: never });
const trainings = [
  defineTraining({ id: 'standard', title: 'standard', cite, revision: 1, train: never }),
  defineTraining({
    id: 'robust',
    title: 'robust',
    cite,
    revision: 2,
    parameters: { eps: 2 },
    train: never,
  }),
];
export const leakage = defineCheck({
  id: 'leakage',
  title: 'Null-block leakage',
  cite,
  revision: 1,
  subject: 'method',
  criterion: 'Passes where less than 25 % of the attribution falls where nothing is.',
  primary: 'null-share',
  evaluations: {},
  steps: () => [],
  judge: never,
});
export const accuracy = defineCheck({
  id: 'accuracy',
  title: 'Accuracy',
  cite,
  revision: 1,
  subject: 'model',
  criterion: 'Passes where the model is right on at least 99 % of the images.',
  primary: 'clean-accuracy',
  evaluations: {},
  steps: () => [],
  judge: never,
});
const profile = defineProfile({
  id: 'small',
  title: 'Small',
  cite,
  revision: 1,
  seed: 7,
  trainings: TRAININGS,
  suites: [
    {
      dataset: { id: 'blocks' },
      models: [{ id: 'mlp' }],
      trainings: [{ id: 'standard' }, { id: 'robust' }],
      checks: [{ id: 'leakage' }, { id: 'accuracy' }],
    },
    {
      dataset: { id: 'blocks-top' },
      models: [{ id: 'mlp' }],
      trainings: [{ id: 'standard' }],
      checks: [{ id: 'leakage' }],
    },
  ],
});

export const sampleCatalogue = catalogueOf(
  [...sampleMethods, ...datasets, model, ...trainings, leakage, accuracy, profile].map((plugin) => ({
    id: plugin.id,
    plugin,
  })),
);
