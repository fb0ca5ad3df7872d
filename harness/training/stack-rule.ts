/**
 * Whether stacks pay here: how long a network's step takes one by one and in stacks, and the size that follows.
 *
 * A stack costs about one network's operations for R networks' arithmetic, so it pays where operations are what a step
 * waits for. Nothing but a measurement knows where that is: it is the engine's, the machine's and the network's.
 */
import type { DatasetContent, ImageShape, Weights } from '../contracts.ts';
import { keptBytes } from '../engine/index.ts';
import { buildNetwork } from '../network/build.ts';
import type { DenseChain } from '../network/dense-chain.ts';
import { makeWeights } from '../network/weights.ts';
import { Stream } from '../random.ts';
import * as tf from '../tfjs.js';
import { descend } from './gradient-descent.ts';
import { RETRAINING } from './retrain.ts';
import { gatherStacked, keepStacked, stackBytes } from './stacked-batches.ts';
import { descendStacked } from './stacked-descent.ts';
import { stackNetworks } from './stacked-network.ts';

/** Networks a stack, in the order in which they are timed. */
export const SIZES = [1, 2, 4, 8, 16] as const;

/** A stack of two must be this much faster a network, in every round, to be worth other bits. */
const LEAST_GAIN = 1.2;

/**
 * The least gain of a stack: 1.2 for two is a third of a step spent on operations, of which a stack of R leaves 1/R, so it
 * is 1.33 for four, 1.41 for eight and 1.45 for sixteen. Where operations are less, larger stacks gain about 1.2 and now
 * more, now less: a choice that wavers would cost more than it gives.
 */
function leastGain(size: number): number {
  const operations = 2 * (1 - 1 / LEAST_GAIN);
  return 1 / (1 - operations * (1 - 1 / size));
}

/** Noise of a busy machine moves a round; it must not move the choice. */
const ROUNDS = 4;

/** Arithmetic is what a step of so many milliseconds waits for: a CPU's sixty operations cost a few. */
const SLOW = 50;

/** Milliseconds that one timed epoch of a network takes at least, and those for all rounds and before them, about. */
const [EPOCH, BUDGET, WARM_UP] = [15, 2000, 500];

/** Steps of a timed epoch at least: its end waits for the engine once. */
const LEAST_STEPS = 2;

/** Milliseconds since some moment. */
export type Clock = () => number;

/** For steps that wait for a device. */
export const wallClock: Clock = () => performance.now();

/** For steps that compute in this process, whatever else the machine does meanwhile. */
export const processorClock: Clock = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

export interface MeasuredNetwork {
  readonly chain: DenseChain;
  readonly inputShape: ImageShape;
  readonly batch: number;
}

/** What was measured, as it is kept: plain JSON. */
export interface StackTimings {
  /** Milliseconds of a step, by the size of the stack: a network's part of it in each round. */
  readonly milliseconds: { readonly [size: string]: readonly number[] };
  /** Bytes that the training images of a stack may take here. */
  readonly bytes: number;
}

/** How large stacks become at most, and why in half a sentence. */
export interface StackChoice {
  readonly size: number;
  /** How much faster a network is trained, in the worst round; 1 where nothing is stacked. */
  readonly gain: number;
  readonly why: string;
}

/** The fastest size a network up to `most`, of those that gain enough in every round, else 1. */
export function chooseStack({ milliseconds }: StackTimings, most: number): StackChoice {
  const alone = milliseconds['1'] ?? [];
  const shown = (values: readonly number[]) => `${Number(Math.min(...values).toPrecision(2))} ms`;
  const oneByOne = (why: string) => ({ size: 1, gain: 1, why: `one by one, since ${why}` });
  const stacks = SIZES.flatMap((size) => {
    const own = size === 1 || size > most ? undefined : milliseconds[size];
    if (own === undefined) return [];
    const times = `${shown(own)} a step and network in a stack of ${size}, ${shown(alone)} alone`;
    return [{ size, gain: gainOf(own, alone), times }];
  });
  const fastest = (all: typeof stacks) => all.toSorted((one, other) => other.gain - one.gain)[0];
  const best = fastest(stacks.filter(({ size, gain }) => gain >= leastGain(size)));
  if (best !== undefined) return { size: best.size, gain: best.gain, why: `up to ${best.size} at once: ${best.times}` };
  if (!('2' in milliseconds)) return oneByOne(`a step of ${shown(alone)} waits for its arithmetic`);
  const little = fastest(stacks);
  return oneByOne(little === undefined ? `a stack may hold ${most} here` : `stacks gain little: ${little.times}`);
}

/** How much faster a network of a stack is than one alone, in the worst round. */
function gainOf(own: readonly number[], alone: readonly number[]): number {
  return Math.min(...own.map((value, round) => (alone[round] as number) / value));
}

/**
 * Times steps of real descents on made images, one network and stacks of them in turn, with the loaded engine.
 * Stacks of more than two are timed where they do not take too long.
 */
export async function measureStacks(measured: MeasuredNetwork, clock: Clock): Promise<StackTimings> {
  const bytes = stackBytes(keptBytes());
  const alone = await warmUp(measured, clock);
  if (alone > SLOW) return { milliseconds: { 1: [alone] }, bytes };
  const steps = Math.max(LEAST_STEPS, Math.ceil(EPOCH / alone));
  const sizes = await sizesWithin(BUDGET / ROUNDS, (size) => timeSize(measured, size, steps, clock));
  return { milliseconds: await timeInRounds(measured, { sizes, rounds: ROUNDS, steps, clock }), bytes };
}

/** Milliseconds a step and network by the size of the stack, the sizes timed in turn, round by round. */
export async function timeInRounds(
  measured: MeasuredNetwork,
  how: { readonly sizes: readonly number[]; readonly rounds: number; readonly steps: number; readonly clock: Clock },
): Promise<StackTimings['milliseconds']> {
  const { sizes, rounds, steps, clock } = how;
  const milliseconds = Object.fromEntries(sizes.map((size) => [size, [] as number[]]));
  for (let round = 0; round < rounds; round++) {
    for (const size of sizes) milliseconds[size]?.push(await timeSize(measured, size, steps, clock));
  }
  return milliseconds;
}

function timeSize(measured: MeasuredNetwork, size: number, steps: number, clock: Clock): Promise<number> {
  return size === 1 ? timeAlone(measured, steps, clock) : timeStack(measured, steps, size, clock);
}

/** Milliseconds a step of one network, once what runs first has been compiled. */
async function warmUp(measured: MeasuredNetwork, clock: Clock): Promise<number> {
  const started = performance.now();
  let fastest = await timeAlone(measured, 1, clock);
  while (fastest < 10 * SLOW && performance.now() - started < WARM_UP) {
    fastest = Math.min(fastest, await timeAlone(measured, Math.max(1, Math.ceil(EPOCH / fastest)), clock));
  }
  return fastest;
}

/** The sizes that one round has time for, timed once for that and to warm them up; one and two always. */
async function sizesWithin(most: number, time: (size: number) => Promise<unknown>): Promise<readonly number[]> {
  const sizes: number[] = [];
  let spent = 0;
  let last = 0;
  for (const size of SIZES) {
    // Twice the networks take twice as long at most.
    if (size > 2 && spent + 2 * last > most) break;
    const started = performance.now();
    await time(size);
    last = performance.now() - started;
    spent += last;
    sizes.push(size);
  }
  return sizes;
}

const settings = (batchSize: number) => ({ ...RETRAINING, epochs: 2, batchSize });

/** Milliseconds a step of one network, over the second of two epochs of so many steps. */
async function timeAlone({ chain, inputShape, batch }: MeasuredNetwork, steps: number, clock: Clock): Promise<number> {
  const data = madeData(inputShape, chain, batch * steps);
  const model = modelOf(chain);
  const request = { inputShape, classes: data.classes.length, parameters: {} };
  const { trainable, dispose } = buildNetwork(model, request, madeWeights(chain));
  try {
    if (trainable === null) throw new Error('[attribench] a chain of layers can be trained');
    return await secondEpoch(steps, clock, (running) =>
      descend({
        ...running,
        trainable,
        data,
        settings: settings(batch),
        adversary: null,
        stream: new Stream(['order']),
      }),
    );
  } finally {
    dispose();
  }
}

/** Milliseconds a step and network of a stack, over the second of two epochs of so many steps. */
async function timeStack(
  { chain, inputShape, batch }: MeasuredNetwork,
  steps: number,
  size: number,
  clock: Clock,
): Promise<number> {
  const { splits, classes } = madeData(inputShape, chain, batch * steps);
  const weights = madeWeights(chain);
  const members = Array.from({ length: size }, (_, r) => r);
  const network = stackNetworks(
    chain,
    members.map(() => weights),
  );
  const training = members.map(() => splits.train);
  const batches = keptBytes() > 0 ? keepStacked(training, inputShape) : gatherStacked(training, inputShape);
  try {
    const milliseconds = await secondEpoch(steps, clock, (running) =>
      descendStacked({
        ...running,
        network,
        batches,
        count: batch * steps,
        classes: classes.length,
        settings: settings(batch),
        streams: members.map((r) => new Stream(['order', r])),
      }),
    );
    return milliseconds / size;
  } finally {
    batches.dispose();
    network.dispose();
  }
}

/** Milliseconds a step of a descent's second epoch: its end waits for the engine, as the first one's does. */
async function secondEpoch(
  steps: number,
  clock: Clock,
  run: (running: { signal: AbortSignal; progress(share: number, note?: string): void }) => Promise<unknown>,
): Promise<number> {
  const ends: number[] = [];
  const progress = (_: number, note?: string) => {
    if (note !== undefined) ends.push(clock());
  };
  await run({ signal: new AbortController().signal, progress });
  const [first = 0, second = Number.POSITIVE_INFINITY] = ends;
  return (second - first) / steps;
}

/** A model of the chain's layers, for measuring alone. */
function modelOf(chain: DenseChain): Parameters<typeof buildNetwork>[0] {
  return {
    kind: 'model',
    id: 'measured',
    title: 'Measured',
    cite: 'none',
    revision: 1,
    initialisation: 'torch-linear',
    parameters: {},
    build: ({ inputShape }) => {
      const layers: tf.layers.Layer[] = [tf.layers.flatten({ name: 'flatten', inputShape: [...inputShape] })];
      for (const { kernel, bias, relu } of chain) {
        const [, units = 1] = kernel.shape;
        layers.push(
          tf.layers.dense({ name: kernel.layer, units, useBias: bias !== null, kernelInitializer: 'zeros' }),
          ...(relu ? [tf.layers.activation({ name: `${kernel.layer}-relu`, activation: 'relu' })] : []),
        );
      }
      return tf.sequential({ layers });
    },
  };
}

/** Small weights, so that nothing overflows: a number that is none is slower on some engines. */
function madeWeights(chain: DenseChain): Weights {
  const numbers = new Stream(['weights']);
  const shapes = chain.flatMap(({ kernel, bias }) => (bias === null ? [kernel] : [kernel, bias]));
  return makeWeights(
    shapes.map(({ name, shape }) => ({
      name,
      shape,
      data: numbers.uniforms(tf.util.sizeFromShape([...shape]), -0.05, 0.05),
    })),
  );
}

/** Training images alone, of a few rows repeated: numbers are drawn one by one, and drawing them must not take long. */
function madeData(shape: ImageShape, chain: DenseChain, count: number): DatasetContent {
  const classes = chain.at(-1)?.kernel.shape[1] ?? 2;
  const size = shape[0] * shape[1] * shape[2];
  const row = new Stream(['images']).uniforms(size);
  const images = new Float32Array(count * size);
  for (let i = 0; i < count; i++) images.set(row, i * size);
  const split = { images, labels: Int32Array.from({ length: count }, (_, i) => i % classes) };
  return {
    shape,
    classes: Array.from({ length: classes }, (_, i) => `${i}`),
    bounds: { low: 0, high: 1 },
    splits: { train: split, validation: split, test: split },
  };
}
