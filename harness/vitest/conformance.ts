/**
 * One suite for every attribution method, ours or a third party's: `conformance(method)` in a test file.
 *
 * It holds what any method must do whatever it computes (shape, determinism, independence of the
 * batch, no leaks, ...) on a dense and a residual convolutional network with 1 and 3 channels, and
 * each axiom that the method claims. What is special to a method stays in its own test.
 */
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { ImageShape, Method, Need, Network, Parameters } from '../contracts.ts';
import { type EngineName, loadEngine } from '../engine/index.ts';
import { isNotApplicable } from '../errors.ts';
import type { BuiltNetwork } from '../network/build.ts';
import { stream } from '../random.ts';
import { checkAxiom } from './conformance/axioms.ts';
import { at, randomNetwork } from './conformance/dense.ts';
import { buildConvolutional, buildDense } from './conformance/networks.ts';
import { type Call, subject } from './conformance/subject.ts';

export interface ConformanceOptions {
  /** Values in place of the method's default parameters. */
  readonly parameters?: Parameters;
  /** The engine to compute on; 'wasm' unless given. */
  readonly engine?: EngineName;
  /** How far a map may move with the batch it travels in, as a share of its largest entry; 1e-5 unless given. */
  readonly tolerance?: number;
}

const CLASSES = 3;
const IMAGES = 3;
/** A method that calls the network more often than this for one batch must stop when aborted and tell its progress. */
const SHORT = 3;
/** Enough images that a long method cannot do all its perturbations in one call. */
const MANY = 256;

/** A network with images and classes to explain on it. */
interface Trial extends Call {
  readonly built: BuiltNetwork;
}

/** Registers the suite for one method. */
export function conformance(method: Method, options: ConformanceOptions = {}): void {
  const { parameters = {}, engine = 'wasm', tolerance = 1e-5 } = options;
  describe(`method ${method.id} on ${engine}`, () => {
    const { attribute, ...tried } = subject(method, parameters);
    let trials: readonly Trial[] = [];

    beforeAll(async () => {
      await loadEngine(engine);
      trials = makeTrials();
    });
    afterAll(() => {
      for (const { built } of trials) built.dispose();
    });

    /** A test on each network, of which the method may decline all but one as not applicable. */
    const onEach = (name: string, body: (trial: Trial) => Promise<void>) =>
      test(name, async () => {
        const declined: string[] = [];
        for (const trial of trials) {
          await body(trial).catch((thrown) => {
            if (!isNotApplicable(thrown)) throw thrown;
            declined.push(thrown.message);
          });
        }
        expect(declined.length, `networks declined: ${declined.join('; ')}`).toBeLessThan(trials.length);
      });

    onEach(`gives finite maps of the images' shape, with ${method.needs.join(' and ')} alone`, async (trial) => {
      const maps = await attribute(trial);
      expect(maps.flat().filter((value) => !Number.isFinite(value))).toEqual([]);
    });

    onEach('gives the same bits for the same seed', async (trial) => {
      expect(await attribute(trial)).toEqual(await attribute(trial));
    });

    onEach(`gives an image the same map alone as in a batch, to ${tolerance} of the map`, async (trial) => {
      const together = await attribute(trial);
      for (let i = 0; i < IMAGES; i++) {
        const alone = await attribute({
          ...trial,
          images: trial.images.slice(i, i + 1),
          classes: trial.classes.slice(i, i + 1),
          first: i,
        });
        expect(distance(at(alone, 0), at(together, i))).toBeLessThanOrEqual(tolerance);
      }
    });

    if (method.role === 'method') {
      onEach('explains the class that is asked for', async (trial) => {
        const one = await attribute(trial);
        const other = await attribute({ ...trial, classes: trial.classes.map((c) => (c + 1) % CLASSES) });
        for (let i = 0; i < IMAGES; i++) expect(distance(at(one, i), at(other, i))).toBeGreaterThan(1e-3);
      });
    }

    onEach('leaves weights and images as they were', async (trial) => {
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
    });

    onEach('leaks no tensors', async (trial) => {
      await attribute(trial);
      const before = tf.memory().numTensors;
      await attribute(trial);
      expect(tf.memory().numTensors).toBe(before);
    });

    onEach('reads tensors asynchronously: dataSync is absent on WebGPU', async (trial) => {
      const refuse = vi.spyOn(tf.Tensor.prototype, 'dataSync').mockImplementation(() => {
        throw new Error('[attribench] dataSync was called, expected await tensor.data()');
      });
      try {
        await attribute(trial);
      } finally {
        refuse.mockRestore();
      }
    });

    onEach('tells its progress and stops when aborted, if it is long', async (trial) => {
      const images = Array.from({ length: MANY }, (_, i) => at(trial.images, i % IMAGES));
      const classes = images.map((_, i) => at(trial.classes, i % IMAGES));
      const controller = new AbortController();
      let calls = 0;
      const network = watched(trial.network, () => {
        calls++;
      });
      const shares: number[] = [];
      await attribute({ network, images, classes, progress: (share) => shares.push(share) });
      expect(shares).toEqual(shares.map((share) => Math.min(1, Math.max(0, share))).toSorted((a, b) => a - b));
      if (calls <= SHORT) return;
      expect(shares.at(-1), 'last share reported').toBe(1);

      calls = 0;
      const before = tf.memory().numTensors;
      const aborting = watched(trial.network, () => {
        calls++;
        setImmediate(() => controller.abort());
      });
      await expect(attribute({ network: aborting, images, classes, signal: controller.signal })).rejects.toThrow(
        'abort',
      );
      expect(calls, 'network calls before it stopped').toBeLessThanOrEqual(SHORT);
      expect(tf.memory().numTensors).toBe(before);
    });

    for (const axiom of method.axioms) {
      test(`satisfies ${axiom}, as claimed`, () => checkAxiom({ attribute, ...tried }, axiom));
    }
  });
}

/** A dense and a convolutional network on images with 1 and with 3 channels. */
function makeTrials(): Trial[] {
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

/** Largest difference of two maps, as a share of the largest entry of either; 0 for two maps of zeros. */
function distance(a: readonly number[], b: readonly number[]): number {
  const difference = Math.max(...a.map((value, k) => Math.abs(value - at(b, k))));
  return difference === 0 ? 0 : difference / Math.max(...a.map(Math.abs), ...b.map(Math.abs));
}
