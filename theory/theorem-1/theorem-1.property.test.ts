import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import {
  drawSamples,
  exhaustiveSupport,
  makeSetting,
  type Setting,
} from '../../datasets/simplified-blockmnist/distribution.ts';
import { stream } from '../../harness/random.ts';
import { blockNorms, logitGradient, lossGradient, type Neurons, valueAt } from '../neurons.ts';
import { CASES, settings } from '../testing.ts';
import { batchOutputs, closedForm, evaluateBatch } from './closed-form.ts';
import { brokenStatement } from './statement.ts';

const seed = fc.nat({ max: 999_999 });
const numRuns = CASES;

const samplesOf = (setting: Setting, number: number, count = 2) =>
  drawSamples(setting, count, stream('test', 'samples', number));

describe('Theorem 1', () => {
  test.prop([settings(), seed], { numRuns })(
    'holds for logit and loss gradients of random samples',
    (setting, number) => {
      expect(brokenStatement(setting, samplesOf(setting, number), closedForm(setting).network)).toBeUndefined();
    },
  );

  test.prop([settings(0)], { numRuns })('holds on the whole support at eta = 0', (setting) => {
    expect(brokenStatement(setting, exhaustiveSupport(setting), closedForm(setting).network)).toBeUndefined();
  });

  test.prop([settings(), seed], { numRuns })('the top block says nothing of the signal block', (setting, number) => {
    // Two samples that differ only in where the signal is: the block norms cannot tell them apart.
    const { blocks, dimension } = setting;
    const { network } = closedForm(setting);
    const { inputs, labels, signalBlocks } = samplesOf(setting, number, 1);
    const moved = inputs.slice();
    const [from, to] = [signalBlocks[0] ?? 0, (number + 1) % (blocks / 2)];
    for (let k = 0; k < dimension; k++) {
      const signal = (labels[0] ?? 0) * (setting.direction[k] ?? 0);
      moved[from * dimension + k] = (moved[from * dimension + k] ?? 0) - signal;
      moved[to * dimension + k] = (moved[to * dimension + k] ?? 0) + signal;
    }
    const [a, b] = [inputs, moved].map((x) => blockNorms(lossGradient(network, x, labels[0] ?? 0), blocks));
    a?.forEach((norm, block) => {
      expect(b?.[block]).toBeCloseTo(norm, 12);
    });
  });

  test.prop([settings(0.6), seed], { numRuns })(
    'the margin is reached, and the closed form of f holds',
    (setting, number) => {
      const { network, rho, ubar, bias, margin } = closedForm(setting);
      const { blocks, dimension, noise, direction } = setting;
      // The worst point of the support: every relevant block is disturbed by -eta y u*.
      const worst = new Float64Array(blocks * dimension);
      for (let k = 0; k < (blocks / 2) * dimension; k++) worst[k] = -noise * (direction[k % dimension] ?? 0);
      for (let k = 0; k < dimension; k++) worst[k] = (worst[k] ?? 0) + (direction[k] ?? 0);
      expect(valueAt(network, worst)).toBeCloseTo(margin, 12);
      const { inputs, labels } = samplesOf(setting, number, 1);
      const z = rho * inputs.reduce((sum, value, k) => sum + value * (ubar[k] ?? 0), 0);
      const label = labels[0] ?? 0;
      expect(label * z).toBeGreaterThanOrEqual(bias * (1 - 1e-9));
      expect(valueAt(network, inputs)).toBeCloseTo((label * (Math.abs(z) + bias)) / (2 * Math.SQRT2), 12);
    },
  );
});

describe('gradients', () => {
  test.prop([settings(), seed], { numRuns })(
    'agree with central differences of f and of the loss',
    (setting, number) => {
      const { network } = closedForm(setting);
      // Off the support and off the kink, at points of any size.
      const x = Float64Array.from(stream('test', 'anywhere', number).normals(network.inputs));
      const loss = (at: Float64Array) => Math.log1p(Math.exp(-valueAt(network, at)));
      const k = number % network.inputs;
      const step = 1e-6;
      const difference = (f: (at: Float64Array) => number) => {
        const [up, down] = [1, -1].map((sign) => x.map((value, at) => (at === k ? value + sign * step : value)));
        return (f(up as Float64Array) - f(down as Float64Array)) / (2 * step);
      };
      const kink = Math.min(
        ...[1, -1].map((sign) =>
          Math.abs(sign * x.reduce((sum, value, at) => sum + value * (network.r[at] ?? 0), 0) + (network.b[0] ?? 0)),
        ),
      );
      fc.pre(kink > 1e-4);
      expect(logitGradient(network, x)[k]).toBeCloseTo(
        difference((at) => valueAt(network, at)),
        7,
      );
      expect(lossGradient(network, x, 1)[k]).toBeCloseTo(difference(loss), 7);
    },
  );

  test.prop([settings(), seed], { numRuns })('in chunks are those of the neurons, one by one', (setting, number) => {
    const form = closedForm(setting);
    const { network } = form;
    const samples = samplesOf(setting, number, 3);
    const inputs = samples.inputs.map((value, i) => (i < network.inputs ? value : 3 * value - 0.5));
    const outputs = batchOutputs(3, network.inputs);
    evaluateBatch(form, { inputs, labels: samples.labels }, 3, outputs);
    for (let i = 0; i < 3; i++) {
      const x = inputs.subarray(i * network.inputs, (i + 1) * network.inputs);
      expect(outputs.logits[i]).toBeCloseTo(valueAt(network, x), 12);
      const logit = logitGradient(network, x);
      const loss = lossGradient(network, x, samples.labels[i] ?? 0);
      const off = (batch: Float64Array, one: Float64Array) =>
        Math.max(...one.map((value, k) => Math.abs((batch[i * network.inputs + k] ?? 1) - value)));
      expect(off(outputs.logitGradients, logit)).toBeLessThan(1e-12);
      expect(off(outputs.lossGradients, loss)).toBeLessThan(1e-12);
    }
  });
});

/** Networks that are wrong in one place; each must break a statement, and shrink to a case for the eye. */
const MUTANTS: Readonly<Record<string, { mutate(network: Neurons, setting: Setting): Neurons; smallest: RegExp }>> = {
  'a wrong bias': {
    mutate: (network) => ({ ...network, b: network.b.map((value) => -value) }),
    smallest:
      /^With d = 2 blocks of dimension 1, eta = 0 and u\* = \[1\]: .* the margin is 0, expected at least 0\.353553\.$/,
  },
  'a missing factor': {
    mutate: (network) => ({ ...network, r: network.r.map((value) => value * Math.SQRT2) }),
    smallest: /^With d = 2 blocks of dimension 1, eta = 0 and u\* = \[1\]: neuron 1 has length 1\.11803, expected 1\.$/,
  },
  'a noise block touched': {
    mutate: (network, { blocks, dimension }) => {
      const r = network.r.slice();
      r[(blocks / 2) * dimension] = 1e-6;
      return { ...network, r };
    },
    smallest:
      /^With d = 2 blocks of dimension 1, eta = 0 and u\* = \[1\]: .* norm in block 2, a noise block, is [\d.e-]+, expected 0\.$/,
  },
  'one block heavier than the others': {
    mutate: (network, { blocks, dimension }) => {
      // A rotation inside the relevant blocks keeps the neuron on the sphere.
      if (blocks < 4) return network;
      const r = network.r.slice();
      const angle = 1e-3;
      for (let neuron = 0; neuron < 2; neuron++) {
        for (let k = 0; k < dimension; k++) {
          const at = neuron * network.inputs + k;
          const [a, b] = [r[at] ?? 0, r[at + dimension] ?? 0];
          r[at] = Math.cos(angle) * a - Math.sin(angle) * b;
          r[at + dimension] = Math.sin(angle) * a + Math.cos(angle) * b;
        }
      }
      return { ...network, r };
    },
    smallest: /^With d = 4 blocks of dimension 1, eta = 0 and u\* = \[1\]: /,
  },
  'unequal masses': {
    mutate: (network) => ({ ...network, mass: Float64Array.of(0.51, 0.49) }),
    smallest:
      /^With d = 2 blocks of dimension 1, eta = 0 and u\* = \[1\]: .* y = -1 .* the margin is 0\.346482, expected at least 0\.353553\.$/,
  },
};

describe('what is wrong is caught, and told in plain words', () => {
  test.each(Object.entries(MUTANTS))('%s', (_, { mutate, smallest }) => {
    let told = '';
    const result = fc.check(
      fc.property(settings(), seed, (setting, number) => {
        const network = mutate(closedForm(setting).network, setting);
        const broken = brokenStatement(setting, samplesOf(setting, number, 8), network);
        if (broken !== undefined) told = broken;
        return broken === undefined;
      }),
      { seed: 1, numRuns: 200 },
    );
    expect(result.failed).toBe(true);
    const [setting, number] = result.counterexample ?? [makeSetting({ blocks: 2 }), 0];
    told = brokenStatement(setting, samplesOf(setting, number, 8), mutate(closedForm(setting).network, setting)) ?? '';
    expect(told).toMatch(smallest);
  });

  test('phi(0) counted as active doubles the gradient at eta = 0, and is caught', () => {
    const setting = makeSetting({ blocks: 2 });
    const { network } = closedForm(setting);
    const nudged = { ...network, b: network.b.map((value) => value + 1e-5) };
    expect(brokenStatement(setting, exhaustiveSupport(setting), nudged)).toBeDefined();
  });
});

describe('the figures of the paper', () => {
  test('d = 10, eta = 0', () => {
    const { rho, bias, margin, blockNorm } = closedForm(makeSetting({ blocks: 10 }));
    expect([rho, bias, margin, blockNorm].map((value) => value.toFixed(4))).toEqual([
      '0.6455',
      '0.2887',
      '0.2041',
      '0.1021',
    ]);
  });

  test('at eta = 0 the margin is 1/sqrt(2 (d + 2))', () => {
    for (let blocks = 2; blocks <= 64; blocks += 2) {
      expect(closedForm(makeSetting({ blocks })).margin).toBeCloseTo(1 / Math.sqrt(2 * (blocks + 2)), 14);
    }
  });

  test('noise from 2/d on is refused', () => {
    expect(() => closedForm(makeSetting({ blocks: 10, noise: 0.2 }))).toThrow(
      /noise is 0.2, expected below 2\/d = 0.2/,
    );
  });
});
