/** What is scaled: the axes, three sizes of each, and the job of a size. */
import { DESCENT, type Method, resolveParameters } from 'attribench';
import type { AttributionJob } from '../../contest/attribution.ts';
import type { DiffroarJob } from '../../contest/diffroar.ts';
import { timedNetwork, writeNetworkFile } from '../../contest/networks.ts';
import type { ContestJob } from '../../contest/prepare.ts';
import type { TrainingJob } from '../../contest/training.ts';
import type { Size } from './costs.ts';

export interface Axis {
  readonly id: string;
  /** What runs: 'retraining grid'. */
  readonly work: string;
  /** What the size counts. */
  readonly over: string;
  /** Of what the cost is given. */
  readonly unit: string;
  readonly sizes: readonly ScaledSize[];
  /** Runs that one measured time is the mean of: short ones need some. */
  readonly runs: number;
  /** Whether the unit's cost has a bound. */
  readonly bounded: boolean;
}

export interface ScaledSize extends Size {
  job(): Promise<ContestJob>;
}

const GRID_NETWORK = 'mlp-392';
const ATTRIBUTED = 'mlp-784';
const BATCH = 256;
const STEPS = 2;

/** What a grid has where it is not scaled; levels give two retrainings each. */
const GRID = { images: 640, models: 1, levels: [0.1] };
const GRID_EPOCHS = 2;

export const AXES: readonly Axis[] = [
  {
    ...grid('grid-retrainings', 'retrainings', 'a retraining'),
    sizes: [[0.1], [0.1, 0.3], [0.1, 0.3, 0.5, 0.7]].map((levels) =>
      gridOf({ levels }, 2 * levels.length, 2 * levels.length),
    ),
  },
  { ...grid('grid-models', 'models', 'a model'), sizes: [1, 2, 4].map((models) => gridOf({ models }, models, models)) },
  {
    ...grid('grid-images', 'images', '1,000 images'),
    sizes: [640, 1280, 2560].map((images) => gridOf({ images }, images, images / 1000)),
  },
  attribution('input-gradient', [32, 64, 128], 8),
  attribution('occlusion', [2, 4, 8], 1),
  {
    id: 'training-width',
    work: `training steps of an MLP, batch ${BATCH}`,
    over: 'inputs and hidden units',
    unit: 'a step, a million parameters',
    runs: 1,
    bounded: false,
    sizes: [392, 784, 1568].map((width) => ({
      size: width,
      units: (STEPS * parametersOf(`mlp-${width}`)) / 1e6,
      job: () => trainingJob(`mlp-${width}`),
    })),
  },
];

function grid(id: string, over: string, unit: string): Omit<Axis, 'sizes'> {
  return { id, work: 'retraining grid', over, unit, runs: 1, bounded: true };
}

function gridOf(changed: Partial<typeof GRID>, size: number, units: number): ScaledSize {
  return {
    size,
    units,
    job: async (): Promise<DiffroarJob> => ({
      ...(await common(GRID_NETWORK)),
      kind: 'diffroar',
      settings: { ...DESCENT, learningRate: 0.01, epochs: GRID_EPOCHS, stopBelow: 0, batchSize: BATCH },
      ...GRID,
      ...changed,
    }),
  };
}

function attribution(method: string, counts: readonly number[], runs: number): Axis {
  return {
    id: `attribution-${method}`,
    work: method,
    over: 'images',
    unit: 'an image',
    runs,
    bounded: false,
    sizes: counts.map((images) => ({
      size: images,
      units: images,
      job: async (): Promise<AttributionJob> => {
        const { default: plugin }: { default: Method } = await import(`../../../../methods/${method}.ts`);
        return {
          ...(await common(ATTRIBUTED)),
          kind: 'attribution',
          method,
          settings: resolveParameters(plugin),
          images,
        };
      },
    })),
  };
}

async function trainingJob(network: string): Promise<TrainingJob> {
  return {
    ...(await common(network)),
    kind: 'training',
    batch: BATCH,
    steps: STEPS,
    settings: { ...DESCENT, learningRate: 0.01, epochs: 1, stopBelow: 0, batchSize: BATCH },
    adversary: null,
  };
}

async function common(network: string) {
  return { network, classes: timedNetwork(network).classes, file: await writeNetworkFile(network) };
}

/** Weights and biases of an MLP whose two hidden layers are as wide as its input. */
function parametersOf(id: string): number {
  const { inputShape, classes } = timedNetwork(id);
  const width = inputShape[0] * inputShape[1] * inputShape[2];
  return 2 * (width + 1) * width + (width + 1) * classes;
}
