/**
 * Our maps beside those of captum 0.9.0 and zennit 0.5.1 on the same networks, images and classes.
 *
 * A distance is the largest difference on an image as a share of the peer's largest value there. The
 * peers computed in float64 (methods/peers/regenerate.py), so distances are our float32 rounding.
 */
import type { Method, Parameters } from 'attribench';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadEngine } from '../../harness/engine/index.ts';
import { type Fixture, type FixtureName, readFixture, type Values } from './fixture.ts';

/** float32 sums of some hundred terms through at most five linear layers. */
const ROUNDING = 1e-5;
/** captum's stabiliser is 1e-9, ours 1e-6 as in zennit: it shows where a sum is small. */
const STABILISED = 1e-4;

interface Comparison {
  readonly method: string;
  readonly peer: string;
  readonly parameters?: Parameters;
  readonly tolerance?: number;
  /** Fixtures on which it is compared; both unless given. */
  readonly on?: readonly FixtureName[];
  readonly unbiased?: boolean;
  /** What our map is multiplied by before it is compared. */
  readonly times?: number;
}
const both: readonly FixtureName[] = ['dense', 'convolutional'];

/**
 * Shapley values of four quarters, 8 x 8 pixels and 3 channels each.
 *
 * captum repeats a feature's value on its pixels and channels; ours share it, so that the map sums to the logits' difference.
 */
const QUARTERS = {
  peer: 'captum/shapley-values',
  parameters: { segments: 'grid', segmentSize: 8, samples: 400, baseline: 0.1 },
  on: ['convolutional'],
  times: 8 * 8 * 3,
} as const;

const COMPARISONS: readonly Comparison[] = [
  { method: 'input-gradient', peer: 'captum/saliency' },
  { method: 'input-x-gradient', peer: 'captum/input-x-gradient' },
  { method: 'guided-backprop', peer: 'captum/guided-backprop' },
  { method: 'guided-backprop', peer: 'zennit/guided-backprop' },
  { method: 'deconvolution', peer: 'captum/deconvolution' },
  { method: 'deconvolution', peer: 'zennit/deconvolution' },
  { method: 'lrp-epsilon', peer: 'zennit/lrp-epsilon' },
  { method: 'lrp-epsilon', peer: 'captum/lrp-epsilon', tolerance: STABILISED },
  { method: 'lrp-epsilon', peer: 'zennit/lrp-epsilon/large', parameters: { epsilon: 0.25 }, tolerance: STABILISED },
  { method: 'lrp-gamma', peer: 'zennit/lrp-gamma' },
  { method: 'lrp-alpha-beta', peer: 'zennit/lrp-alpha-beta' },
  { method: 'lrp-alpha-beta', peer: 'zennit/lrp-alpha-beta/z-plus', parameters: { alpha: 1, beta: 0 } },
  { method: 'lrp-z-box', peer: 'zennit/lrp-z-box' },
  { method: 'lrp-w-square', peer: 'zennit/lrp-w-square' },
  { method: 'lrp-flat', peer: 'zennit/lrp-flat' },
  { method: 'lrp-epsilon-plus-flat', peer: 'zennit/lrp-epsilon-plus-flat' },
  { method: 'lrp-epsilon-gamma-box', peer: 'zennit/lrp-epsilon-gamma-box' },
  { method: 'excitation-backprop', peer: 'zennit/excitation-backprop', parameters: { contrastive: false } },
  { method: 'deep-lift', peer: 'captum/deep-lift', parameters: { baseline: 0.1 } },
  { method: 'deep-shap', peer: 'captum/deep-shap' },
  {
    method: 'integrated-gradients',
    peer: 'captum/integrated-gradients/gauss-legendre',
    parameters: { steps: 20, baseline: 'constant', value: 0.1, rule: 'gauss-legendre' },
  },
  {
    method: 'integrated-gradients',
    peer: 'captum/integrated-gradients/midpoint',
    parameters: { steps: 20, baseline: 'constant', value: 0.1, rule: 'midpoint' },
  },
  { method: 'smooth-grad', peer: 'captum/smooth-grad', parameters: { samples: 3, sigma: 0.5 } },
  { method: 'smooth-grad-squared', peer: 'captum/smooth-grad-squared', parameters: { samples: 3, sigma: 0.5 } },
  { method: 'var-grad', peer: 'captum/var-grad', parameters: { samples: 3, sigma: 0.5 } },
  { method: 'occlusion', peer: 'captum/occlusion', parameters: { window: 4, stride: 3, baseline: 0.1 } },
  {
    method: 'feature-ablation',
    peer: 'captum/feature-ablation',
    parameters: { segments: 'grid', segmentSize: 4, baseline: 0.1 },
  },
  { method: 'kernel-shap', ...QUARTERS },
  // 400 orders drawn: three standard errors of a mean of values that differ by no more than their size.
  { method: 'shapley-value-sampling', ...QUARTERS, tolerance: 3 / Math.sqrt(400) },
  // The maps of small layers stretched bilinearly; captum takes the nearest cell unless asked.
  ...['grad-cam', 'guided-grad-cam'].flatMap((method) =>
    ['relu-3', 'relu-4'].map((layer) => ({
      method,
      peer: `captum/${method}/${layer}`,
      parameters: { layer },
      on: ['convolutional'] as const,
    })),
  ),
  { method: 'lrp-epsilon', peer: 'captum/lrp-epsilon/unbiased', on: ['dense'], unbiased: true },
  // captum's z+ keeps the signed bias in the denominator: equal without biases, for inputs from 0.
  {
    method: 'lrp-alpha-beta',
    peer: 'captum/lrp-z-plus/unbiased',
    parameters: { alpha: 1, beta: 0 },
    tolerance: STABILISED,
    on: ['dense'],
    unbiased: true,
  },
  // zennit's composite boxes only a first convolution: the dense network is all epsilon there.
  { method: 'lrp-epsilon-gamma-box', peer: 'zennit/lrp-epsilon-gamma-box/convolution', on: ['convolutional'] },
  { method: 'lrp-epsilon', peer: 'zennit/lrp-epsilon-gamma-box/convolution', on: ['dense'] },
];

interface Difference extends Pick<Comparison, 'method' | 'peer' | 'parameters' | 'on'> {
  readonly why: string;
}

const DIFFERENCES: readonly Difference[] = [
  {
    method: 'lrp-w-square',
    peer: 'zennit/lrp-w-square/biased',
    why: 'zennit squares the bias too; Montavon et al. 2017 have none in the rule',
  },
  {
    method: 'excitation-backprop',
    peer: 'zennit/excitation-backprop/biased',
    parameters: { contrastive: false },
    why: 'zennit keeps positive biases; the probabilities of Zhang et al. 2018 have none',
  },
  {
    method: 'lrp-gamma',
    peer: 'captum/lrp-gamma',
    why: 'captum leaves the bias alone and ignores the signs of x and z',
  },
  {
    method: 'lrp-gamma',
    peer: 'captum/lrp-gamma/unbiased',
    on: ['dense'],
    why: 'captum favours positive weights also where the logit is negative',
  },
  {
    method: 'lrp-alpha-beta',
    peer: 'captum/lrp-z-plus',
    parameters: { alpha: 1, beta: 0 },
    why: 'captum keeps the signed bias in the denominator, and no products of two negatives',
  },
  {
    method: 'deep-lift',
    peer: 'captum/deep-lift/adjacent',
    parameters: { baseline: 0.1 },
    on: ['convolutional'],
    why: 'captum forgets its rule for max-pooling where a ReLU stands before it',
  },
];

const fixtures = new Map<FixtureName, Fixture>();
const fixture = (name: FixtureName): Fixture => fixtures.get(name) as Fixture;

beforeAll(async () => {
  await loadEngine('wasm');
  for (const name of both) fixtures.set(name, readFixture(name));
});
afterAll(() => {
  for (const each of fixtures.values()) each.dispose();
});

async function methodNamed(id: string): Promise<Method> {
  const { default: method }: { default: Method } = await import(new URL(`../${id}.ts`, import.meta.url).href);
  return method;
}

/** For each image the largest difference as a share of the expected map's largest value; one channel stands for all. */
function distances(got: Values, expected: Values): number[] {
  const [n = 0, , , channels = 1] = expected.shape;
  const size = expected.data.length / n;
  const repeated = channels / (got.shape[3] ?? channels);
  expect(got.data.length * repeated).toBe(expected.data.length);
  return Array.from({ length: n }, (_, i) => {
    let [difference, largest] = [0, 0];
    for (let k = i * size; k < (i + 1) * size; k++) {
      const wanted = expected.data[k] ?? Number.NaN;
      const value = got.data[Math.floor(k / repeated)] ?? Number.NaN;
      difference = Math.max(difference, Math.abs(value - wanted));
      largest = Math.max(largest, Math.abs(wanted));
    }
    return difference === 0 ? 0 : difference / largest;
  });
}

/** The sum of each image's map. */
function sums({ shape: [n = 0], data }: Values): number[] {
  const size = data.length / n;
  return Array.from({ length: n }, (_, i) =>
    data.slice(i * size, (i + 1) * size).reduce((sum, value) => sum + value, 0),
  );
}

test.each(both)('%s: the networks give the same logits', async (name) => {
  const { theirs, ours } = fixture(name).logits;
  expect(Math.max(...distances(await ours(), theirs))).toBeLessThan(ROUNDING);
});

describe.each(both)('%s', (name) => {
  const here = COMPARISONS.filter(({ on = both }) => on.includes(name));
  test.each(here)(
    '$method equals $peer',
    async ({ method, peer, parameters, tolerance = ROUNDING, unbiased = false, times = 1 }) => {
      const got = await fixture(name).attribute(await methodNamed(method), parameters, { unbiased });
      const scaled = { ...got, data: got.data.map((value) => value * times) };
      expect(Math.max(...distances(scaled, fixture(name).map(peer)))).toBeLessThan(tolerance);
    },
  );

  test('every map of the fixture is compared', () => {
    const compared = [...COMPARISONS, ...DIFFERENCES].filter(({ on = both }) => on.includes(name));
    const peers = new Set(compared.map(({ peer }) => peer));
    expect(fixture(name).mapNames.filter((map) => !peers.has(map))).toEqual([]);
  });
});

describe('where we differ on purpose', () => {
  const cases = DIFFERENCES.flatMap((difference) => (difference.on ?? both).map((name) => ({ ...difference, name })));
  test.each(cases)('$name: $method is not $peer: $why', async ({ method, peer, parameters, name }) => {
    const got = await fixture(name).attribute(await methodNamed(method), parameters);
    expect(Math.max(...distances(got, fixture(name).map(peer)))).toBeGreaterThan(0.01);
  });

  test("captum's DeepLIFT is incomplete where a ReLU stands before max-pooling, and ours complete", async () => {
    const { attribute, map, logits, classes } = fixture('convolutional');
    const adjacent = sums(map('captum/deep-lift/adjacent'));
    const apart = sums(map('captum/deep-lift'));
    const ours = sums(await attribute(await methodNamed('deep-lift'), { baseline: 0.1 }));
    // Completeness: sums less logits are minus the baseline's logit, the same number for all images of one class.
    const rest = (values: readonly number[]) =>
      values.map((sum, i) => sum - (logits.theirs.data[i * 4 + (classes[i] ?? 0)] ?? Number.NaN));
    const [one, another] = [0, 1, 2, 3].filter((i) => classes[i] === 3) as [number, number];
    const gap = (values: readonly number[]) => Math.abs((rest(values)[one] ?? 0) - (rest(values)[another] ?? 0));
    expect(gap(ours)).toBeLessThan(1e-5);
    expect(gap(apart)).toBeLessThan(1e-5);
    expect(gap(adjacent)).toBeGreaterThan(1e-3);
  });

  test("captum's gamma rule is the generalised one only without biases, for inputs from 0 and a positive logit", async () => {
    const { attribute, map } = fixture('dense');
    const ours = await attribute(await methodNamed('lrp-gamma'), {}, { unbiased: true });
    const apart = distances(ours, map('captum/lrp-gamma/unbiased'));
    // Without biases a map sums to its logit.
    const logits = sums(ours);
    expect(logits.filter((logit) => logit > 0).length).toBeGreaterThan(0);
    expect(logits.filter((logit) => logit < 0).length).toBeGreaterThan(0);
    for (const [i, logit] of logits.entries()) {
      if (logit > 0) expect(apart[i]).toBeLessThan(ROUNDING);
      else expect(apart[i]).toBeGreaterThan(0.01);
    }
  });
});
