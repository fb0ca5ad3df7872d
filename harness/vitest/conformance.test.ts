/**
 * The suite against methods broken on purpose: each behaviour and each axiom must catch its breach,
 * and none may accuse a sound method.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AttributionRequest, Axiom, Method } from '../contracts.ts';
import { defineMethod } from '../define.ts';
import { loadEngine } from '../engine/index.ts';
import { NotApplicable } from '../errors.ts';
import { classLogit } from '../network/objectives.ts';
import * as tf from '../tfjs.js';
import { checkAxiom } from './conformance/axioms.ts';
import { behaviours, checkOnEach, makeTrials, type Trial } from './conformance/behaviours.ts';
import { subject } from './conformance/subject.ts';

type Request = AttributionRequest<'gradient', Record<never, never>, Record<never, never>>;

const DESCRIBED = { id: 'tried', title: 'Tried', cite: 'none', revision: 1, rank: 'value' } as const;

/** A method by what it computes. */
const method = (attribute: (request: Request) => tf.Tensor4D | Promise<tf.Tensor4D>): Method =>
  defineMethod({ ...DESCRIBED, needs: ['gradient'], attribute });

const gradient = ({ network, images, classes }: Request) => network.inputGradient(images, classLogit(classes));
const times = (request: Request, factor: (gradient: tf.Tensor4D) => tf.Tensor) =>
  tf.tidy(() => tf.mul<tf.Tensor4D>(gradient(request), factor(gradient(request))));

let trials: readonly Trial[] = [];
let drifting = 0;

beforeAll(async () => {
  await loadEngine('wasm');
  trials = makeTrials();
});
afterAll(() => {
  for (const { built } of trials) built.dispose();
});

/** The behaviours, of those whose name holds `among`, that a method breaks. */
async function broken(method: Method, among = ''): Promise<string[]> {
  const tried = subject(method);
  const named = behaviours(tried, 1e-5).filter(({ name }) => name.includes(among));
  const names: string[] = [];
  for (const behaviour of named) {
    await checkOnEach(behaviour, tried, trials).catch(() => names.push(behaviour.name));
  }
  return names;
}

const manyCalls = async (request: Request, between: () => void | Promise<void>) => {
  for (let i = 0; i < 6; i++) {
    gradient(request).dispose();
    await between();
  }
  return gradient(request);
};
const done = (request: Request, map: tf.Tensor4D) => {
  request.progress(1);
  return map;
};
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

const BREACHES: { readonly [name: string]: readonly [caughtBy: string, tried: () => Method] } = {
  'flattens the map': ['shape', () => method((r) => gradient(r).flatten() as tf.Tensor as tf.Tensor4D)],
  'returns a map of integers': ['shape', () => method((r) => gradient(r).toInt())],
  'divides by zero': ['finite', () => method((r) => tf.tidy(() => gradient(r).div<tf.Tensor4D>(0)))],
  'uses what it did not declare': [
    'with gradient alone',
    () => method((r) => ('weights' in r.network && r.network.weights ? gradient(r) : gradient(r))),
  ],
  'keeps state between calls': ['same bits', () => method((r) => times(r, () => tf.scalar(++drifting)))],
  'normalises over the batch': ['in a batch', () => method((r) => times(r, (g) => tf.max(g)))],
  'draws from the first stream for all': [
    'in a batch',
    () => method((r) => times(r, () => tf.scalar(r.streams[0]?.uniform() ?? 0))),
  ],
  'ignores the class': [
    'class',
    () => method(({ network, images }) => network.inputGradient(images, (logits) => logits.sum(1))),
  ],
  'overwrites a weight': [
    'weights',
    () =>
      defineMethod({
        ...DESCRIBED,
        needs: ['gradient', 'weights'],
        attribute: (r) => {
          const weight = Object.values(r.network.weights)[0];
          if (weight instanceof tf.Variable) tf.tidy(() => weight.assign(weight.add(0.01)));
          return r.network.inputGradient(r.images, classLogit(r.classes));
        },
      }),
  ],
  'keeps a tensor': [
    'leaks no tensors',
    () =>
      method((r) => {
        tf.keep(tf.scalar(1));
        return gradient(r);
      }),
  ],
  'disposes the images': [
    'images',
    () =>
      method((r) => {
        const map = gradient(r);
        r.images.dispose();
        return map;
      }),
  ],
  'calls dataSync': [
    'asynchronously',
    () =>
      method((r) => {
        r.images.dataSync();
        return gradient(r);
      }),
  ],
  'ignores the abort signal': ['aborted', () => method((r) => manyCalls(r, turn).then((map) => done(r, map)))],
  'never lets the abort arrive': [
    'aborted',
    () => method((r) => manyCalls(r, () => r.signal.throwIfAborted()).then((map) => done(r, map))),
  ],
  'leaks when aborted': [
    'aborted',
    () =>
      method(async (r) => {
        const kept = tf.scalar(1);
        const map = await manyCalls(r, async () => {
          await turn();
          r.signal.throwIfAborted();
        });
        kept.dispose();
        r.progress(1);
        return map;
      }),
  ],
  'keeps a tensor of a long call': [
    'if it is long',
    () =>
      method((r) => {
        if (r.images.shape[0] > 100) tf.keep(tf.scalar(1));
        return gradient(r);
      }),
  ],
  'reports no progress': ['progress', () => method((r) => manyCalls(r, turn))],
};

describe('behaviours', () => {
  test('accuse no sound method', async () => {
    expect(await broken(method(gradient))).toEqual([]);
  });

  for (const [name, [caughtBy, tried]] of Object.entries(BREACHES)) {
    test(`catch a method that ${name}`, async () => {
      expect(await broken(tried(), caughtBy)).toHaveLength(1);
    });
  }

  test('let a method decline some networks, but not all', async () => {
    const declining = (least: number) =>
      method((r) => {
        if (r.images.shape[3] < least) throw new NotApplicable('too few channels');
        return gradient(r);
      });
    expect(await broken(declining(3), 'finite')).toEqual([]);
    expect(await broken(declining(4), 'finite')).toHaveLength(1);
  });

  test('ask a control for no class', () => {
    const control: Method = { ...method(gradient), role: 'control' };
    expect(behaviours(subject(control), 1e-5).map(({ name }) => name)).not.toContain(
      'explains the class that is asked for',
    );
  });
});

const inputTimesGradient = (request: Request) => times(request, () => request.images);

const VIOLATIONS: { readonly [axiom in Axiom]: () => Method } = {
  // A quadrature whose weights sum to 49/50.
  completeness: () => method((r) => tf.tidy(() => inputTimesGradient(r).mul<tf.Tensor4D>(0.98))),
  // The gradient vanishes where the logit saturates.
  sensitivity: () => method(gradient),
  linearity: () => method((r) => times(r, (g) => g)),
  // A gradient weighted by the column.
  symmetry: () => method((r) => times(r, ({ shape }) => tf.range(1, shape[2] + 1).reshape([1, 1, shape[2], 1]))),
  // Reads how many units the first layer has.
  'implementation-invariance': () =>
    defineMethod({
      ...DESCRIBED,
      needs: ['layers'],
      attribute: ({ network, images, classes }) => {
        const units = network.graph.find(({ type }) => type === 'Dense')?.outputShape[0] ?? 1;
        return tf.tidy(() => network.inputGradient(images, classLogit(classes)).mul<tf.Tensor4D>(units));
      },
    }),
  // Every map is shifted by its largest entry.
  dummy: () => method((r) => tf.tidy(() => gradient(r).add<tf.Tensor4D>(gradient(r).max()))),
  'conservation-without-bias': () => method((r) => tf.tidy(() => inputTimesGradient(r).mul<tf.Tensor4D>(1.01))),
  'input-shift-invariance': () => method(inputTimesGradient),
};

describe('axioms', () => {
  for (const [axiom, violating] of Object.entries(VIOLATIONS)) {
    test(`${axiom} accuses a method that violates it`, async () => {
      await expect(checkAxiom(subject(violating()), axiom as Axiom)).rejects.toThrow('Property failed');
    });
  }

  test('accuse with the numbers', async () => {
    const cause = await checkAxiom(subject(method(gradient)), 'sensitivity').then(
      () => undefined,
      (error: Error) => error.cause,
    );
    expect(String(cause)).toMatch(
      /\[attribench\] method "tried" violates sensitivity: coordinate \d+ alone moves the logit by .* and gets 0/,
    );
  });

  test.each<Axiom>(['linearity', 'symmetry', 'implementation-invariance', 'dummy', 'input-shift-invariance'])(
    'clear the gradient of violating %s',
    async (axiom) => {
      await checkAxiom(subject(method(gradient)), axiom, { runs: 30, seed: 2 });
    },
  );

  test('clear input x gradient of violating conservation-without-bias', async () => {
    await checkAxiom(subject(method(inputTimesGradient)), 'conservation-without-bias', { runs: 30, seed: 2 });
  });
});
