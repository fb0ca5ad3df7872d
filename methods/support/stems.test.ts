/** Methods that compute behind a network's stem, beside the same on a network that knows no stem. */
import {
  type DenseStem,
  type ImageShape,
  type Method,
  type Need,
  type Network,
  type Parameters,
  stream,
  tf,
} from 'attribench';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { loadEngine } from '../../harness/engine/index.ts';
import { withoutStem } from '../../harness/network/stem.ts';
import { at, randomNetwork } from '../../harness/vitest/conformance/dense.ts';
import { buildConvolutional, buildDense } from '../../harness/vitest/conformance/networks.ts';
import { subject } from '../../harness/vitest/conformance/subject.ts';
import expectedGradients from '../expected-gradients.ts';
import featureAblation from '../feature-ablation.ts';
import featurePermutation from '../feature-permutation.ts';
import integratedGradients from '../integrated-gradients.ts';
import kernelShap from '../kernel-shap.ts';
import lime from '../lime.ts';
import occlusion from '../occlusion.ts';
import rise from '../rise.ts';
import shapleyValueSampling from '../shapley-value-sampling.ts';
import smoothGrad from '../smooth-grad.ts';
import { DENSE_ROWS } from './samples.ts';

const SHAPE = [6, 5, 2] as const;
const IMAGES = 9;

beforeAll(async () => {
  await loadEngine('cpu');
});

const methods: readonly (readonly [string, Method, Parameters])[] = [
  ['integrated-gradients', integratedGradients, {}],
  ['integrated-gradients from a value', integratedGradients, { value: 0.3, rule: 'trapezoid' }],
  ['integrated-gradients from the mean image', integratedGradients, { baseline: 'mean' }],
  ['integrated-gradients from the blurred image', integratedGradients, { baseline: 'blur', blurSigma: 2 }],
  ['expected-gradients', expectedGradients, {}],
  ['smooth-grad', smoothGrad, {}],
  ['occlusion', occlusion, {}],
  ['occlusion by a value, windows over the edge', occlusion, { window: 4, stride: 3, baseline: 0.4 }],
  ['occlusion pixel by pixel', occlusion, { window: 1, stride: 1 }],
  ['feature-ablation', featureAblation, { segmentSize: 2 }],
  ['feature-ablation of superpixels by a value', featureAblation, { segments: 'slic', segmentSize: 2, baseline: 0.4 }],
  ['feature-permutation', featurePermutation, { segmentSize: 2 }],
  ['feature-permutation of superpixels', featurePermutation, { segments: 'slic', segmentSize: 3 }],
  ['shapley-value-sampling', shapleyValueSampling, { segmentSize: 2, baseline: 0.4 }],
  ['shapley-value-sampling of superpixels', shapleyValueSampling, { segments: 'slic', segmentSize: 2 }],
  ['kernel-shap', kernelShap, { segmentSize: 2, samples: 600 }],
  ['kernel-shap by a value', kernelShap, { segmentSize: 3, baseline: 0.4 }],
  ['rise', rise, { samples: 300, grid: 3, score: 'logit' }],
  ['rise by a value', rise, { samples: 200, grid: 2, baseline: 0.4, score: 'logit' }],
  ['rise of more masks than a block has rows', rise, { samples: DENSE_ROWS + 100, grid: 3, score: 'logit' }],
  ['rise of too few masks for products of cells', rise, { samples: 30, grid: 3, score: 'logit' }],
  ['lime of more copies than a block has rows', lime, { segmentSize: 2, samples: DENSE_ROWS + 400, score: 'logit' }],
];

describe.each(methods)('%s', (_, method, parameters) => {
  test.each(['dense', 'convolutional'])('on a %s network', async (kind) => {
    const numbers = stream('stems', kind);
    const built =
      kind === 'dense'
        ? buildDense(SHAPE, randomNetwork(numbers, [60, 12, 8, 3]))
        : buildConvolutional(SHAPE, 3, numbers);
    const { network } = built;
    const plain: Network<Need> = { ...network, ...withoutStem(network), denseStem: undefined };
    // Several blocks of copies, and images enough for the batch to matter.
    const images = Array.from({ length: IMAGES }, () => Array.from(numbers.uniforms(60)));
    const classes = images.map((_, i) => i % 3);
    const { attribute } = subject(method, parameters);
    const before = tf.memory().numTensors;
    const [fast, slow] = [
      await attribute({ network, images, classes }),
      await attribute({ network: plain, images, classes }),
    ];
    expect(tf.memory().numTensors).toBe(before);
    for (const [i, map] of slow.entries()) {
      const largest = Math.max(...map.map(Math.abs));
      expect(largest).toBeGreaterThan(1e-4);
      const difference = Math.max(...map.map((value, k) => Math.abs(value - at(at(fast, i), k))));
      expect(difference / largest, `image ${i}`).toBeLessThan(1e-5);
    }
    built.dispose();
  });
});

test('an image of more segments than a block has rows: a block is the first of its rows, in order, and not all', async () => {
  const numbers = stream('stems', 'cut');
  const shape = [33, DENSE_ROWS / 32, 1] as const;
  const pixels = shape[0] * shape[1];
  expect(pixels).toBeGreaterThan(DENSE_ROWS);
  const built = buildDense(shape, randomNetwork(numbers, [pixels, 6, 3]));
  const plain: Network<Need> = { ...built.network, ...withoutStem(built.network), denseStem: undefined };
  const call = { images: [Array.from(numbers.uniforms(pixels))], classes: [1] };
  const { attribute } = subject(featureAblation, { segmentSize: 1 });
  const fast = at(await attribute({ ...call, network: built.network }), 0);
  const slow = at(await attribute({ ...call, network: plain }), 0);
  const largest = Math.max(...slow.map(Math.abs));
  expect(Math.max(...slow.map((value, k) => Math.abs(value - at(fast, k)))) / largest).toBeLessThan(1e-5);
  built.dispose();
});

/** Whether rise asks a dense stem for the parts of rows of pixels, or paints its masks. */
test.each([
  ['of masks enough for each place', [6, 5, 2], { samples: 32, grid: 3 }, true],
  ['of too few', [6, 5, 2], { samples: 31, grid: 3 }, false],
  ['of enough, but not in one block', [34, 34, 1], { samples: 3000, grid: 2 }, false],
] satisfies readonly (readonly [string, ImageShape, Parameters, boolean])[])(
  'rise sums cells where a block has masks enough for each place: %s',
  async (_, shape, parameters, summed) => {
    const numbers = stream('stems', 'places');
    const pixels = shape.reduce((product, side) => product * side, 1);
    const built = buildDense(shape, randomNetwork(numbers, [pixels, 4, 3]));
    const denseStem = built.network.denseStem as DenseStem;
    const parts = vi.fn(denseStem.parts);
    const network: Network<Need> = { ...built.network, denseStem: { ...denseStem, parts } };
    const { attribute } = subject(rise, parameters);
    await attribute({ network, images: [Array.from(numbers.uniforms(pixels))], classes: [1] });
    expect(parts).toHaveBeenCalledTimes(summed ? 1 : 0);
    built.dispose();
  },
);

/** A block holds one image's copies, or two's. */
test.each([
  ['rise', rise, { samples: DENSE_ROWS + 76, grid: 3 }],
  ['kernel-shap of superpixels', kernelShap, { segments: 'slic', segmentSize: 2, samples: DENSE_ROWS + 76 }],
  ['feature-permutation of superpixels', featurePermutation, { segments: 'slic', segmentSize: 1, samples: 32 }],
] satisfies readonly (readonly [string, Method, Parameters])[])(
  '%s holds no more for more images',
  async (_, method, parameters) => {
    const numbers = stream('stems', 'held');
    const built = buildDense(SHAPE, randomNetwork(numbers, [60, 12, 8, 3]));
    const { attribute } = subject(method, parameters);
    const most = async (count: number) => {
      const images = Array.from({ length: count }, () => Array.from(numbers.uniforms(60)));
      let held = 0;
      const progress = () => {
        held = Math.max(held, tf.memory().numBytes - count * 60 * 4);
      };
      await attribute({ network: built.network, images, classes: images.map(() => 0), progress });
      return held;
    };
    const few = await most(6);
    // Images differ in their number of superpixels; what was held for all would be seven times as much.
    expect(await most(42)).toBeLessThan(1.5 * few);
    built.dispose();
  },
);
