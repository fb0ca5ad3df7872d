/**
 * What any method must do whatever it computes, one check each, tried on small networks.
 */
import { expect, vi } from 'vitest';
import type { ImageShape, Need, Network } from '../../contracts.ts';
import { isNotApplicable } from '../../errors.ts';
import type { BuiltNetwork } from '../../network/build.ts';
import { stream } from '../../random.ts';
import * as tf from '../../tfjs.js';
import { at, randomNetwork } from './dense.ts';
import { buildConvolutional, buildDense } from './networks.ts';
import type { Call, Subject } from './subject.ts';

const CLASSES = 3;
const IMAGES = 3;
/** Calls of the network that need no abort signal and no progress. */
const SHORT = 3;
/** Enough images that a long method cannot do all its perturbations in one call. */
const MANY = 128;

/** A network with images and classes to explain on it. */
export interface Trial extends Call {
  readonly built: BuiltNetwork;
}

export interface Behaviour {
  readonly name: string;
  /** Rejects where the method does not behave so. */
  check(subject: Subject, trial: Trial): Promise<void>;
}

/** A dense and a residual convolutional network, on images with 1 and with 3 channels. */
export function makeTrials(): Trial[] {
  return [1, 3].flatMap((channels) => {
    const numbers = stream('conformance', 'trials', channels);
    const shape: ImageShape = [8, 6, channels];
    const size = 8 * 6 * channels;
    const dense = buildDense(shape, randomNetwork(numbers, [size, 12, 8, CLASSES]));
    return [dense, buildConvolutional(shape, CLASSES, numbers)].map((built) => ({
      built,
      network: built.network,
      images: Array.from({ length: IMAGES }, () => Array.from(numbers.uniforms(size))),
      classes: Array.from({ length: IMAGES }, (_, i) => i % CLASSES),
    }));
  });
}

/** Checks a behaviour on each network; the method may decline some as not applicable, but not all. */
export async function checkOnEach({ check }: Behaviour, subject: Subject, trials: readonly Trial[]): Promise<void> {
  const declined: string[] = [];
  for (const trial of trials) {
    await check(subject, trial).catch((thrown) => {
      if (!isNotApplicable(thrown)) throw thrown;
      declined.push(thrown.message);
    });
  }
  expect(declined.length, `networks declined: ${declined.join('; ')}`).toBeLessThan(trials.length);
}

/** The checks; `tolerance` is how far a map may move with its batch, as a share of its largest entry. */
export function behaviours({ method }: Subject, tolerance: number): Behaviour[] {
  const all: Behaviour[] = [
    {
      name: `gives finite maps of the images' shape, with ${method.needs.join(' and ')} alone`,
      check: async ({ attribute }, trial) => {
        const maps = await attribute(trial);
        expect(maps.flat().filter((value) => !Number.isFinite(value))).toEqual([]);
      },
    },
    {
      name: 'gives the same bits for the same seed',
      check: async ({ attribute }, trial) => {
        expect(await attribute(trial)).toEqual(await attribute(trial));
      },
    },
    {
      name: `gives an image the same map alone as in a batch, to ${tolerance} of the map`,
      check: async ({ attribute }, trial) => {
        const together = await attribute(trial);
        for (let i = 0; i < IMAGES; i++) {
          const [images, classes] = [[at(trial.images, i)], [at(trial.classes, i)]];
          const alone = await attribute({ ...trial, images, classes, first: i });
          expect(distance(at(alone, 0), at(together, i))).toBeLessThanOrEqual(tolerance);
        }
      },
    },
    { name: 'explains the class that is asked for', check: explainsTheClass },
    { name: 'leaves weights and images as they were', check: changesNothing },
    {
      name: 'leaks no tensors',
      check: async ({ attribute }, trial) => {
        await attribute(trial);
        const before = tf.memory().numTensors;
        await attribute(trial);
        expect(tf.memory().numTensors).toBe(before);
      },
    },
    { name: 'reads tensors asynchronously: WebGPU has no dataSync', check: readsAsynchronously },
    { name: 'leaks nothing, tells its progress and stops when aborted, if it is long', check: canBeInterrupted },
  ];
  // Controls and oracles look at no class.
  return all.filter(({ check }) => method.role === 'method' || check !== explainsTheClass);
}

async function explainsTheClass({ attribute }: Subject, trial: Trial): Promise<void> {
  const one = await attribute(trial);
  const other = await attribute({ ...trial, classes: trial.classes.map((c) => (c + 1) % CLASSES) });
  for (let i = 0; i < IMAGES; i++) expect(distance(at(one, i), at(other, i))).toBeGreaterThan(1e-3);
}

async function changesNothing({ attribute }: Subject, trial: Trial): Promise<void> {
  const before = await weightsOf(trial.built);
  let images: readonly number[] = [];
  await attribute({
    ...trial,
    around: async (run, input) => {
      const map = await run();
      images = Array.from(await input.data());
      return map;
    },
  });
  expect(images).toEqual(Array.from(Float32Array.from(trial.images.flat())));
  expect(await weightsOf(trial.built)).toEqual(before);
}

async function readsAsynchronously({ attribute }: Subject, trial: Trial): Promise<void> {
  const refuse = vi.spyOn(tf.Tensor.prototype, 'dataSync').mockImplementation(() => {
    throw new Error('[attribench] dataSync was called, expected await tensor.data()');
  });
  try {
    await attribute(trial);
  } finally {
    refuse.mockRestore();
  }
}

async function canBeInterrupted({ attribute }: Subject, trial: Trial): Promise<void> {
  // Loops do not depend on the channels.
  if (trial.network.inputShape[2] > 1) return;
  const images = Array.from({ length: MANY }, (_, i) => at(trial.images, i % IMAGES));
  const classes = images.map((_, i) => at(trial.classes, i % IMAGES));
  let calls = 0;
  const counted = watched(trial.network, () => {
    calls++;
  });
  const shares: number[] = [];
  const before = tf.memory().numTensors;
  await attribute({ network: counted, images, classes, progress: (share) => shares.push(share) });
  expect(tf.memory().numTensors, 'tensors left by a long call').toBe(before);
  const inOrder = shares.map((share) => Math.min(1, Math.max(0, share))).toSorted((a, b) => a - b);
  expect(shares, 'shares reported, from 0 to 1').toEqual(inOrder);
  if (calls <= SHORT) return;
  expect(shares.at(-1), 'last share reported').toBe(1);

  calls = 0;
  const controller = new AbortController();
  const aborting = watched(trial.network, () => {
    calls++;
    setImmediate(() => controller.abort());
  });
  const interrupted = attribute({ network: aborting, images, classes, signal: controller.signal });
  await expect(interrupted, 'aborted').rejects.toThrow('abort');
  expect(calls, 'network calls before it stopped').toBeLessThanOrEqual(SHORT);
  expect(tf.memory().numTensors, 'tensors left after an abort').toBe(before);
}

/** The network with a word before each call of one of its functions. */
function watched(network: Network<Need>, onCall: () => void): Network<Need> {
  return new Proxy(network, {
    get(target, member) {
      const value: unknown = Reflect.get(target, member, target);
      if (typeof value !== 'function') return value;
      return (...given: unknown[]) => {
        onCall();
        return value(...given);
      };
    },
  });
}

async function weightsOf({ network }: BuiltNetwork): Promise<{ [name: string]: number[] }> {
  const entries = Object.entries(network.weights);
  return Object.fromEntries(await Promise.all(entries.map(async ([name, w]) => [name, Array.from(await w.data())])));
}

/** Largest difference of two maps, as a share of the largest entry of either; 0 for equal maps. */
function distance(a: readonly number[], b: readonly number[]): number {
  const difference = Math.max(...a.map((value, k) => Math.abs(value - at(b, k))));
  return difference === 0 ? 0 : difference / Math.max(...a.map(Math.abs), ...b.map(Math.abs));
}
