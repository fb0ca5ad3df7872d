/**
 * Training on the support of simplified BlockMNIST with the harness's own loop: full batch, plain
 * gradient descent, the paper's PGD adversary (eps/4 a step, 8 steps, no random start).
 */
import {
  type Adversary,
  type DatasetContent,
  type InitialisationScheme,
  type Model,
  type Stream,
  stream,
  trainByDescent,
  type Weights,
} from 'attribench';
import simplifiedBlockMnist from '../../datasets/simplified-blockmnist.ts';
import type { Neurons } from '../neurons.ts';
import { linear, oneHiddenLayer } from './models.ts';

/** How a network of one hidden layer starts: as PyTorch's, or near zero. */
export type Start = Extract<InitialisationScheme, 'torch-linear' | 'small'>;

/** How one network is trained. */
export interface TrainingSettings {
  readonly model: 'one-hidden-layer' | 'linear';
  /** Hidden neurons; of no meaning for 'linear'. */
  readonly width: number;
  readonly initialisation: Start;
  readonly learningRate: number;
  /** Full-batch steps. */
  readonly steps: number;
  /** Radius of the Linf adversary; 0 trains on the points themselves. */
  readonly eps: number;
  /** d; d~ = 1 and eta = 0 throughout. */
  readonly blocks: number;
}

export interface Trained {
  readonly neurons: Neurons;
  readonly accuracy: number;
  readonly loss: number;
}

/** Far outside the support, so that the adversary's ball is never clipped: the theory knows no pixel range. */
const BOUNDS = { low: -3, high: 3 };

/** The support as a data set: 10 images for d = 10, the same in every split. */
async function support(blocks: number): Promise<DatasetContent> {
  const parameters = { ...simplifiedBlockMnist.parameters, blocks, exhaustive: true };
  const content = await simplifiedBlockMnist.load({
    parameters,
    sources: [],
    stream: stream('data', simplifiedBlockMnist.id, parameters),
    folder: '',
    signal: new AbortController().signal,
    progress: () => {},
  });
  return { ...content, bounds: BOUNDS };
}

/**
 * Training `t` of some settings. The initial weights depend on model, width and t alone: standard and
 * robust networks start alike, and a longer training continues a shorter one.
 *
 * @throws Error for a training that diverged.
 */
export async function trainOnSupport(
  settings: TrainingSettings,
  t: number,
  signal: AbortSignal,
  progress: (share: number) => void,
): Promise<Trained> {
  const { model, width, initialisation, learningRate, steps, eps, blocks } = settings;
  const data = await support(blocks);
  const parameters = model === 'linear' ? {} : { width };
  const adversary: Adversary = { norm: 'linf', eps, steps: 8 };
  const numbers: Stream = stream('training', 'theory', simplifiedBlockMnist.id, model, width, t);
  const plugin = (model === 'linear' ? linear : oneHiddenLayer(initialisation)) as Model;
  const trained = await trainByDescent(
    { data, model: plugin, modelParameters: parameters, parameters: {}, stream: numbers, signal, progress },
    {
      settings: {
        learningRate,
        epochs: steps,
        batchSize: data.splits.train.labels.length,
        momentum: 0,
        weightDecay: 0,
        warmupEpochs: 0,
        decayEvery: steps,
        decayFactor: 1,
        // A cross-entropy is never below 0: all steps are taken.
        stopBelow: 0,
        cropPadding: 0,
        flip: false,
      },
      adversary: eps === 0 ? null : adversary,
      testAdversary: adversary,
    },
  );
  if (trained.status === 'diverged') {
    throw new Error(`[attribench] training ${t} of ${JSON.stringify(settings)} diverged`);
  }
  return {
    neurons: neuronsOf(trained.final),
    accuracy: trained.figures.testAccuracy ?? Number.NaN,
    loss: trained.figures.trainLoss ?? Number.NaN,
  };
}

/** Trained weights as neurons of mass 1; a linear model is one neuron that is always active. */
export function neuronsOf(weights: Weights): Neurons {
  const entry = (name: string) => weights.entries.find((candidate) => candidate.name === name);
  const output = Float64Array.from(entry('output/kernel')?.data ?? []);
  const kernel = entry('hidden/kernel');
  if (kernel === undefined) {
    // w phi(<r, x> + b) with a bias so large that the unit never switches off: the same gradient everywhere.
    return {
      inputs: output.length,
      mass: Float64Array.of(1),
      w: Float64Array.of(1),
      r: output,
      b: Float64Array.of(1e9),
    };
  }
  const [inputs = 0, width = 0] = kernel.shape;
  const r = new Float64Array(inputs * width);
  for (let i = 0; i < width; i++) for (let k = 0; k < inputs; k++) r[i * inputs + k] = kernel.data[k * width + i] ?? 0;
  return {
    inputs,
    mass: new Float64Array(width).fill(1),
    w: output,
    r,
    b: Float64Array.from(entry('hidden/bias')?.data ?? []),
  };
}
