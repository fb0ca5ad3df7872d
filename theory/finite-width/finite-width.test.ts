import { type Model, stream, tf } from 'attribench';
import { beforeAll, describe, expect, test } from 'vitest';
import { exhaustiveSupport, makeSetting } from '../../datasets/simplified-blockmnist/distribution.ts';
import { loadEngine } from '../../harness/engine/index.ts';
import { buildNetwork } from '../../harness/network/build.ts';
import { initialise } from '../../harness/training/initialisation.ts';
import { logitGradient, type Neurons, valueAt } from '../neurons.ts';
import { closedForm } from '../theorem-1/closed-form.ts';
import { byContribution, gradientFigures, neuronFigures } from './figures-of-network.ts';
import { CONDITIONS, type Criterion, findingOf, judge, type NetworkFigures } from './measures.ts';
import { linear, oneHiddenLayer } from './models.ts';
import { neuronsOf, type TrainingSettings, trainOnSupport } from './train.ts';

beforeAll(async () => {
  await loadEngine('wasm');
});

const never = new AbortController().signal;

describe('networks', () => {
  test.each([
    ['one hidden layer', oneHiddenLayer('torch-linear') as Model, { width: 7 }],
    ['linear', linear as Model, {}],
  ])('%s: neurons and tensors give the same f, as half the difference of the logits', (_, model, parameters) => {
    const request = { inputShape: [4, 1, 1] as const, classes: 2, parameters };
    const weights = initialise(model, request, stream('test', 'weights'));
    const { network, dispose } = buildNetwork(model, request, weights);
    const neurons = neuronsOf(weights);
    const { inputs } = exhaustiveSupport(makeSetting({ blocks: 4 }));
    const images = tf.tensor4d(Float32Array.from(inputs), [4, 4, 1, 1]);
    const logits = network.logits(images).arraySync();
    const gradient = network.inputGradient(images, (z) => tf.sum(z, 1)).arraySync();
    const slope = network.inputGradient(images, (z) => tf.slice(z as tf.Tensor2D, [0, 1], [-1, 1])).arraySync();
    logits.forEach(([minus = 0, plus = 0], i) => {
      const x = inputs.subarray(4 * i, 4 * i + 4);
      expect(minus).toBe(-plus);
      if (model !== linear) expect(plus - minus).toBeCloseTo(valueAt(neurons, x), 6);
      const expected = logitGradient(neurons, x);
      expected.forEach((value, k) => {
        expect(2 * (slope[i]?.[k]?.[0]?.[0] ?? Number.NaN)).toBeCloseTo(value, 6);
        expect(gradient[i]?.[k]?.[0]?.[0]).toBeCloseTo(0, 12);
      });
    });
    images.dispose();
    dispose();
  });
});

/** Conjecture 1's network of d = 2n coordinates: one neuron an axis and sign. */
function axisNeurons(n: number, eps: number): Neurons {
  const inputs = 2 * n;
  const neurons = {
    inputs,
    mass: new Float64Array(inputs).fill(1 / inputs),
    w: new Float64Array(inputs),
    r: new Float64Array(inputs * inputs),
    b: new Float64Array(inputs).fill(-eps),
  };
  for (let i = 0; i < n; i++) {
    for (const [at, sign] of [
      [2 * i, 1],
      [2 * i + 1, -1],
    ] as const) {
      neurons.w[at] = sign;
      neurons.r[at * inputs + i] = sign;
      // A little of every other coordinate, so that no ratio divides by 0.
      for (let k = 0; k < inputs; k++) if (k !== i) neurons.r[at * inputs + k] = sign * 0.01;
    }
  }
  return neurons;
}

describe('figures of a network', () => {
  test("Theorem 1's own network leaks all, into no noise", () => {
    const figures = gradientFigures(closedForm(makeSetting({ blocks: 10 })).network);
    expect(figures.signalRatio).toBeCloseTo(1, 12);
    expect(figures.leak).toBeCloseTo(1, 12);
    expect(figures.noiseToOther).toBe(0);
    expect(figures.topIsSignal).toBe(0);
    expect(figures.cosine).toBeCloseTo(1, 12);
    expect(figures.distance).toBeCloseTo(0, 6);
  });

  test('a network of one neuron an axis reveals the signal', () => {
    const figures = gradientFigures(axisNeurons(5, 0.35));
    expect(figures.signalRatio).toBeCloseTo(100, 6);
    expect(figures.leak).toBeCloseTo(0.01, 8);
    expect(figures.noiseToSignal).toBeCloseTo(0.01, 8);
    expect(figures.topIsSignal).toBe(1);
    expect(figures.distance).toBeCloseTo(Math.sqrt(2 - 2 * figures.cosine), 12);
    const neurons = neuronFigures(axisNeurons(5, 0.35));
    expect(neurons.bias).toBeCloseTo(-0.35 / Math.hypot(1, 0.03), 12);
    expect(neurons.negativeBiases).toBe(1);
    expect(neurons.axisAlignment).toBeCloseTo(1 / Math.hypot(1, 0.03), 12);
  });

  test('the gradient of a relevant block turned away from the theory counts as distance', () => {
    const { network } = closedForm(makeSetting({ blocks: 2 }));
    const turned = { ...network, r: network.r.map((_, k) => (network.r[k - (k % 2)] ?? 0) * Math.SQRT1_2) };
    const { cosine, distance, noiseToSignal } = gradientFigures(turned);
    expect(cosine).toBeCloseTo(Math.SQRT1_2, 12);
    expect(distance).toBeCloseTo(Math.hypot(1 - Math.SQRT1_2, Math.SQRT1_2), 12);
    expect(noiseToSignal).toBeCloseTo(1, 12);
  });

  test('contribution does not depend on how a neuron splits between its layers', () => {
    const neurons = axisNeurons(3, 0.2);
    const w = neurons.w.map((value, i) => value * (i + 1));
    const order = byContribution({ ...neurons, w });
    expect([...order]).toEqual([5, 4, 3, 2, 1, 0]);
    const rescaled = {
      ...neurons,
      w: w.map((value, i) => value / 2 ** i),
      r: neurons.r.map((value, at) => value * 2 ** Math.floor(at / 6)),
      b: neurons.b.map((value, i) => value * 2 ** i),
    };
    expect([...byContribution(rescaled)]).toEqual([...order]);
  });
});

describe('training on the support', () => {
  const settings: TrainingSettings = {
    model: 'one-hidden-layer',
    blocks: 4,
    width: 50,
    initialisation: 'small',
    learningRate: 1,
    steps: 300,
    eps: 0,
  };

  test("standard training from a small start finds Theorem 1's gradient; the adversary changes the network", async () => {
    const { neurons, accuracy } = await trainOnSupport(settings, 0, never, () => {});
    expect(accuracy).toBe(1);
    expect(gradientFigures(neurons).signalRatio).toBeGreaterThan(0.97);
    expect(gradientFigures(neurons).signalRatio).toBeLessThan(1.03);
    const adversary = await trainOnSupport({ ...settings, steps: 10, eps: 0.2 }, 0, never, () => {});
    const none = await trainOnSupport({ ...settings, steps: 10 }, 0, never, () => {});
    expect(adversary.neurons.r).not.toEqual(none.neurons.r);
    expect(adversary.loss).toBeGreaterThan(none.loss);
  });

  test('repeats itself, and differs between trainings', async () => {
    const short = { ...settings, width: 8, steps: 3 };
    const [first, again, other] = [
      await trainOnSupport(short, 0, never, () => {}),
      await trainOnSupport(short, 0, never, () => {}),
      await trainOnSupport(short, 1, never, () => {}),
    ];
    expect(again.neurons).toEqual(first.neurons);
    expect(other.neurons.r).not.toEqual(first.neurons.r);
  });
});

describe('criteria', () => {
  const figures = (values: Partial<NetworkFigures>) => values as NetworkFigures;
  const ratio: Criterion = { figure: 'signalRatio', says: 'ratio', bound: { atLeast: 0.8, atMost: 1.1 } };

  test('a band passes inside, fails outside, and is undecided across its edge', () => {
    const verdict = (values: readonly number[]) =>
      judge(
        ratio,
        values.map((signalRatio) => figures({ signalRatio })),
        10,
      ).verdict;
    expect(verdict([0.89, 0.9, 0.91])).toBe('pass');
    expect(verdict([90, 95, 103])).toBe('fail');
    expect(verdict([1.08, 1.1, 1.12])).toBe('undecided');
    expect(verdict([0.9, 0.9])).toBe('undecided');
  });

  test('all of the points counts as all: the support is not a sample', () => {
    const all: Criterion = { figure: 'topIsSignal', says: 'top', bound: { atLeast: 1 } };
    const judged = (values: readonly number[]) =>
      judge(
        all,
        values.map((topIsSignal) => figures({ topIsSignal })),
        10,
      ).verdict;
    expect(judged([1, 1, 1])).toBe('pass');
    expect(judged([1, 1, 0.9])).not.toBe('pass');
    expect(judged([0, 0, 0])).toBe('fail');
  });

  test('a line of the table states the criterion, the estimate and n', () => {
    const values = [0.89, 0.9, 0.91].map((signalRatio) => figures({ signalRatio }));
    expect(findingOf('MLP', ratio, judge(ratio, values, 10), true)).toEqual({
      statement: 'MLP: ratio, expected 0.8 to 1.1',
      outcome: '0.9 [0.875, 0.925], n = 3',
      status: 'pass',
    });
  });

  test('ids are unique, and every network named by the paper is there', () => {
    const ids = CONDITIONS.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toEqual(expect.arrayContaining(['linear', 'standard', 'linf-0.35']));
  });
});
