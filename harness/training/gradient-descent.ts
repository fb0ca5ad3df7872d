/**
 * Stochastic gradient descent with momentum and weight decay, as torch.optim.SGD, on one core.
 *
 * Two choices make a step cheap. The gradient arrives already multiplied by the learning rate (the
 * loss's own gradient is set to it), and what is kept is the step u = rate * velocity, so that an
 * update takes few passes over the weights. Losses stay on the engine until the epoch's end.
 *
 * Batch normalisation takes the batch's statistics both under attack and in the descent's own pass, which alone moves
 * the moving ones: once a step, by the images that are learned. In the authors' code, where the network is in
 * PyTorch's training mode meanwhile, each of the attack's passes moves them too.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { DatasetContent, EpochLog, Images, Objective, TrainingStatus } from '../contracts.ts';
import { keptBytes, ownMomentum, ownPrograms } from '../engine/index.ts';
import { composedMemory, composedStep } from '../engine/momentum.ts';
import { operationwise, type Program } from '../engine/program.ts';
import type { Trainable } from '../network/build.ts';
import { type Moved, Observations } from '../network/moving-statistics.ts';
import { crossEntropy } from '../network/objectives.ts';
import type { Stream } from '../random.ts';
import * as tf from '../tfjs.js';
import { type Augmentation, augmented, isAugmented } from './augmentation.ts';
import { type Batch, gatherBatch, keepSplit } from './batches.ts';
import { type Adversary, attack } from './pgd.ts';
import { learningRateAt, type Schedule } from './schedule.ts';

export interface DescentSettings extends Schedule, Augmentation {
  readonly momentum: number;
  /** L2 penalty added to every weight's gradient, biases and batch normalisation included. */
  readonly weightDecay: number;
  readonly batchSize: number;
  /** At most so many epochs. */
  readonly epochs: number;
  /** Stops after the epoch whose mean training cross-entropy, in nats, is below this. */
  readonly stopBelow: number;
}

/** Settings without the number of epochs, which every training chooses itself. */
export type DescentDefaults = { readonly [K in Exclude<keyof DescentSettings, 'epochs'>]: DescentSettings[K] };

/** Our choice: the paper's text names SGD with momentum, weight decay, step decay and early stopping, but holds no numbers. */
export const DESCENT: DescentDefaults = Object.freeze({
  learningRate: 0.1,
  momentum: 0.9,
  weightDecay: 5e-4,
  batchSize: 256,
  warmupEpochs: 0,
  decayEvery: 20,
  decayFactor: 0.75,
  stopBelow: 0.001,
  cropPadding: 0,
  flip: false,
});

/** A run whose last epoch's loss is at least this share of ln(classes) is 'stuck': it learned nothing, or lost it again. */
const STUCK_SHARE = 0.98;

/** Losses are read every so many steps: a read waits for the engine, and one that never waits runs far ahead. */
export const READ_EVERY = 64;

export interface DescentRequest {
  readonly trainable: Trainable;
  readonly data: DatasetContent<Images>;
  readonly settings: DescentSettings;
  /** null trains on the images as they are; else on what the adversary makes of each batch, in training mode. */
  readonly adversary: Adversary | null;
  /** Gives each epoch's order and augmentation, and dropout. */
  readonly stream: Stream;
  readonly signal: AbortSignal;
  progress(share: number, note?: string): void;
}

export interface Descent {
  /** One line an epoch; an epoch whose loss is not finite has none. */
  readonly log: readonly EpochLog[];
  readonly status: Exclude<TrainingStatus, 'given'>;
}

/**
 * Trains in place.
 *
 * Each epoch visits every training image once, in an order of its own; the last, short batch is kept.
 * Ends at the first epoch with a loss that is not finite ('diverged') or below `stopBelow`
 * ('converged'), else after `epochs`. Throws the signal's reason when aborted.
 */
export async function descend(request: DescentRequest): Promise<Descent> {
  const { trainable, data, settings, stream, signal, progress } = request;
  const count = data.splits.train.labels.length;
  const steps = Math.ceil(count / settings.batchSize);
  // What names the step's stream, which is made only where the pass runs: a graph of it draws nothing.
  let names: readonly [epoch: number, step: number] = [0, 0];
  const { train } = data.splits;
  const kept = isAugmented(settings) ? null : keepSplit(train, data.shape, keptBytes());
  let optimiser: Optimiser | undefined;
  const log: EpochLog[] = [];
  let sums: tf.Tensor1D[] = [];
  try {
    const own = new Optimiser(trainable, settings, (inputs) => {
      const [images, labels] = inputs as [tf.Tensor4D, tf.Tensor1D];
      return pass(request, kept?.batch(inputs) ?? { images, labels }, stream.derive('step', ...names));
    });
    optimiser = own;
    for (let epoch = 0; epoch < settings.epochs; epoch++) {
      const order = stream.derive('order', epoch).permutation(count);
      const epochStream = stream.derive('epoch', epoch);
      let learningRate = 0;
      let totals = NOTHING;
      for (let step = 0; step < steps; step++) {
        await nextTurn();
        signal.throwIfAborted();
        learningRate = learningRateAt(settings, epoch, step, steps);
        const from = step * settings.batchSize;
        const rows = order.subarray(from, from + settings.batchSize);
        const change = (values: Float32Array) =>
          augmented(values, data.shape, rows, settings, data.bounds.low, epochStream);
        names = [epoch, step];
        const report = tf.tidy(() => {
          if (kept !== null) return own.step(learningRate, kept.inputs(rows));
          const { images, labels } = gatherBatch(train, data.shape, rows, change);
          return own.step(learningRate, [images, labels]);
        });
        sums.push(report as tf.Tensor1D);
        if (sums.length === READ_EVERY || step === steps - 1) {
          totals = await added(totals, sums);
          tf.dispose(sums);
          sums = [];
        }
        progress((epoch + (step + 1) / steps) / settings.epochs);
      }
      const { loss, right } = totals;
      if (!Number.isFinite(loss)) return { log, status: 'diverged' };
      log.push({ epoch: epoch + 1, learningRate, loss: loss / count, accuracy: right / count });
      progress((epoch + 1) / settings.epochs, `epoch ${epoch + 1}, loss ${(loss / count).toPrecision(3)}`);
      if (loss / count < settings.stopBelow) return { log, status: 'converged' };
    }
  } finally {
    optimiser?.dispose();
    kept?.dispose();
    tf.dispose(sums);
  }
  return { log, status: statusAtEnd(log, data.classes.length) };
}

/** The status of a descent that did all its epochs, by its last loss. */
export function statusAtEnd(log: readonly EpochLog[], classes: number): 'stuck' | 'finished' {
  const last = log.at(-1);
  return last !== undefined && last.loss >= STUCK_SHARE * Math.log(classes) ? 'stuck' : 'finished';
}

/** The pass of one step on a batch; it reports [sum of cross-entropies, number right]. */
function pass({ trainable, data, adversary }: DescentRequest, { images, labels }: Batch, stream: Stream): Pass {
  const gradientOf = (from: tf.Tensor4D, objective: Objective) =>
    tf.grad((x) => objective(trainable.logits(x as tf.Tensor4D, stream)))(from) as tf.Tensor4D;
  const learned = adversary === null ? images : attack(images, labels, gradientOf, adversary, data.bounds);
  return {
    forward: () => {
      const seen = new Observations();
      try {
        const logits = trainable.logits(learned, stream, seen);
        const losses = crossEntropy(labels)(logits);
        const right = tf.sum(tf.cast(tf.equal(tf.argMax(logits, 1), labels), 'float32'));
        return { mean: tf.mean(losses), report: tf.stack([tf.sum(losses), right]), moved: seen.moved() };
      } finally {
        seen.dispose();
      }
    },
  };
}

/** What a step differentiates. */
export interface Pass {
  /** `mean` is differentiated, `report` told, `moved` written behind the step. */
  forward(): { readonly mean: tf.Tensor; readonly report: tf.Tensor; readonly moved: readonly Moved[] };
}

/** torch.optim.SGD with momentum, without dampening or Nesterov. */
export class Optimiser {
  readonly #variables: readonly tf.Variable[];
  readonly #statistics: readonly tf.Variable[];
  readonly #settings: Pick<DescentSettings, 'momentum' | 'weightDecay'>;
  readonly #program: Program;
  readonly #own = ownMomentum();
  /** Weights that the engine moves in a way of its own, and those that the program moves. */
  readonly #large: readonly tf.Variable[];
  readonly #small: readonly tf.Variable[];
  /** Per weight of the program: what the last step subtracted, that is rate * velocity. */
  #memory: readonly tf.Tensor[];
  /** Statistics in the order in which a pass moves them. */
  #moving: readonly tf.Variable[] = [];
  #lastRate: number | undefined;

  /** `pass` makes of what a step is given, and of weights and statistics, what is differentiated: a computation. */
  constructor(
    { variables, statistics }: Pick<Trainable, 'variables' | 'statistics'>,
    settings: DescentSettings,
    pass: (batch: readonly tf.Tensor[]) => Pass,
  ) {
    this.#variables = variables;
    this.#statistics = statistics;
    this.#settings = settings;
    this.#large = variables.filter((variable) => this.#own?.takes(variable));
    this.#small = variables.filter((variable) => !this.#large.includes(variable));
    this.#memory = composedMemory(this.#small).map((tensor) => tf.keep(tensor));
    const remembered = this.#memory.length;
    this.#program = (ownPrograms() ?? operationwise).program(([rate, decay, momentum, ...others]) => {
      const memory = others.slice(0, remembered);
      const { forward } = pass(others.slice(remembered + variables.length + statistics.length));
      let outputs: ReturnType<Pass['forward']> | undefined;
      const { grads } = tf.valueAndGrads(() => {
        outputs = forward();
        tf.keep(outputs.report);
        return outputs.mean;
      })([...variables], rate);
      const gradientsOf = (some: readonly tf.Variable[]) =>
        grads.filter((_, i) => some.includes(variables[i] as never));
      const { report, moved } = outputs as ReturnType<Pass['forward']>;
      this.#moving = moved.map(({ variable }) => variable);
      const step = composedStep(this.#small, gradientsOf(this.#small), memory, {
        decay: settings.weightDecay > 0 ? (decay as tf.Tensor) : null,
        momentum: settings.momentum > 0 ? (momentum as tf.Tensor) : null,
      });
      return [report, ...gradientsOf(this.#large), ...step.moved, ...step.memory, ...moved.map(({ value }) => value)];
    });
  }

  /** One update by the gradient of the mean that the pass makes of `given`; returns its report. */
  step(rate: number, given: readonly tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => {
      // rate * (momentum * velocity + gradient + decay * weight), the gradient given times the rate.
      const decay = rate * this.#settings.weightDecay;
      const before = this.#lastRate ?? rate;
      const momentum = before === 0 ? 0 : (this.#settings.momentum * rate) / before;
      const results = this.#program.run([
        ...[rate, decay, momentum].map((number) => tf.scalar(number)),
        ...this.#memory,
        ...this.#variables,
        ...this.#statistics,
        ...given,
      ]);
      const [report] = results.splice(0, 1) as [tf.Tensor];
      const gradients = results.splice(0, this.#large.length);
      const moved = results.splice(0, this.#small.length);
      const memory = results.splice(0, this.#memory.length);
      this.#own?.step(this.#large, gradients, { decay, momentum });
      assign(this.#small, moved);
      assign(this.#moving, results);
      tf.dispose([...this.#memory]);
      this.#memory = memory.map((tensor) => tf.keep(tensor));
      // Kept tensors end with the step.
      tf.dispose([gradients, moved, results]);
      this.#lastRate = rate;
      return report;
    });
  }

  dispose(): void {
    tf.dispose([...this.#memory]);
    this.#own?.dispose();
    this.#program.dispose();
  }
}

function assign(variables: readonly tf.Variable[], values: readonly tf.Tensor[]): void {
  variables.forEach((variable, i) => void variable.assign(values[i] as tf.Tensor));
}

interface Totals {
  /** Sum of cross-entropies. */
  readonly loss: number;
  readonly right: number;
}

const NOTHING: Totals = { loss: 0, right: 0 };

async function added({ loss, right }: Totals, sums: readonly tf.Tensor1D[]): Promise<Totals> {
  const summed = tf.tidy(() => tf.stack([...sums]));
  const values = await summed.data();
  summed.dispose();
  let totals = { loss, right };
  for (let i = 0; i < values.length; i += 2) {
    totals = { loss: totals.loss + (values[i] as number), right: totals.right + (values[i + 1] as number) };
  }
  return totals;
}
