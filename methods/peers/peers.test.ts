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
/** A rule divides by sums whose terms cancel: rounding grows by the ratio of terms to sum. */
const CANCELLING = 1e-4;

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
  { method: 'lrp-epsilon', peer: 'zennit/lrp-epsilon', tolerance: CANCELLING },
  // captum's sums and averages have a stabiliser of 1e-9, ours of 1e-6.
  { method: 'lrp-epsilon', peer: 'captum/lrp-epsilon', tolerance: CANCELLING },
  { method: 'lrp-epsilon', peer: 'zennit/lrp-epsilon/large', parameters: { epsilon: 0.25 }, tolerance: CANCELLING },
  { method: 'lrp-gamma', peer: 'zennit/lrp-gamma', tolerance: CANCELLING },
  { method: 'lrp-alpha-beta', peer: 'zennit/lrp-alpha-beta', tolerance: CANCELLING },
  { method: 'lrp-alpha-beta', peer: 'zennit/lrp-alpha-beta/z-plus', parameters: { alpha: 1, beta: 0 } },
  { method: 'lrp-z-box', peer: 'zennit/lrp-z-box' },
  { method: 'lrp-w-square', peer: 'zennit/lrp-w-square' },
  { method: 'lrp-flat', peer: 'zennit/lrp-flat' },
  { method: 'lrp-epsilon-plus-flat', peer: 'zennit/lrp-epsilon-plus-flat', tolerance: CANCELLING },
  { method: 'lrp-epsilon-gamma-box', peer: 'zennit/lrp-epsilon-gamma-box', tolerance: CANCELLING },
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
  { method: 'smooth-grad', peer: 'captum/smooth-grad', parameters: { samples: 3, sigma: 0.1 } },
  { method: 'smooth-grad-squared', peer: 'captum/smooth-grad-squared', parameters: { samples: 3, sigma: 0.1 } },
  { method: 'var-grad', peer: 'captum/var-grad', parameters: { samples: 3, sigma: 0.1 } },
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

/** Largest difference on an image as a share of the expected map's largest value there; one channel stands for all. */
function distance(got: Values, expected: Values): number {
  const [n = 0, , , channels = 1] = expected.shape;
  const size = expected.data.length / n;
  const repeated = channels / (got.shape[3] ?? 1);
  expect(got.data.length * repeated).toBe(expected.data.length);
  const shares = Array.from({ length: n }, (_, i) => {
    let [difference, largest] = [0, 0];
    for (let k = i * size; k < (i + 1) * size; k++) {
      const wanted = expected.data[k] ?? Number.NaN;
      const value = got.data[Math.floor(k / repeated)] ?? Number.NaN;
      difference = Math.max(difference, Math.abs(value - wanted));
      largest = Math.max(largest, Math.abs(wanted));
    }
    return difference === 0 ? 0 : difference / largest;
  });
  return Math.max(...shares);
}

test.each(both)('%s: the networks give the same logits', async (name) => {
  const { network, logits } = fixture(name);
  expect(network.classes).toBe(logits.shape[1]);
});

describe.each(both)('%s', (name) => {
  const here = COMPARISONS.filter(({ on = both }) => on.includes(name));
  test.each(here)(
    '$method equals $peer',
    async ({ method, peer, parameters, tolerance = ROUNDING, unbiased = false, times = 1 }) => {
      const got = await fixture(name).attribute(await methodNamed(method), parameters, { unbiased });
      const d = distance({ ...got, data: got.data.map((value) => value * times) }, fixture(name).map(peer));
      if (process.env.SHOW) console.log(name, method, peer, d.toExponential(1));
      expect(d).toBeLessThan(tolerance);
    },
  );
});
