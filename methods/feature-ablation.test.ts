import { type ImageShape, stream, tf } from 'attribench';
import { beforeAll, describe, expect, test } from 'vitest';
import { loadEngine } from '../harness/engine/index.ts';
import { at, evaluate, randomNetwork } from '../harness/vitest/conformance/dense.ts';
import { buildDense } from '../harness/vitest/conformance/networks.ts';
import featureAblation from './feature-ablation.ts';
import featurePermutation from './feature-permutation.ts';
import occlusion from './occlusion.ts';
import { slicSegments } from './support/segments.ts';
import { expectClose, mapsOnLayers } from './support/trial.ts';

beforeAll(async () => {
  await loadEngine('wasm');
});

const numbers = stream('test', 'feature-ablation');
const shape: ImageShape = [7, 6, 2];
const layers = randomNetwork(numbers, [84, 8, 3]);
const images = [0, 1].map(() => Array.from(numbers.uniforms(84)));
const classes = [2, 0];

describe('feature ablation', () => {
  test('on a grid is occlusion with stride = window', async () => {
    const trial = { images, classes, shape };
    const maps = await mapsOnLayers(featureAblation, layers, {
      ...trial,
      parameters: { segmentSize: 3, baseline: 0.25 },
    });
    const windows = { window: 3, stride: 3, baseline: 0.25 };
    expectClose(maps.flat(), (await mapsOnLayers(occlusion, layers, { ...trial, parameters: windows })).flat());
  });

  test('on superpixels equals the definition, one segment at a time', async () => {
    const parameters = { segments: 'slic', segmentSize: 3 };
    const maps = await mapsOnLayers(featureAblation, layers, { images, classes, shape, parameters });
    images.forEach((x, i) => {
      const { labels } = slicSegments(Float32Array.from(x), shape, 3, 0.1);
      const c = at(classes, i);
      const expected = x.map((_, k) => {
        const segment = labels[Math.floor(k / 2)];
        const without = x.map((value, j) => (labels[Math.floor(j / 2)] === segment ? 0 : value));
        return at(evaluate(layers, x), c) - at(evaluate(layers, without), c);
      });
      expectClose(maps[i], expected, 4);
    });
  });

  test('of single pixels is (x - baseline) w_c on a linear model', async () => {
    const linear = [{ kernel: [[1], [2], [-3]], bias: [5] }];
    const parameters = { segmentSize: 1, baseline: 0.5 };
    const [map] = await mapsOnLayers(featureAblation, linear, { images: [[1, 2, 3]], parameters });
    expectClose(map, [0.5, 3, -7.5]);
  });

  test('is not complete: two pixels that saturate together get nothing', async () => {
    // min(x_1 + x_2, 1) = 1 - relu(1 - x_1 - x_2)
    const saturated = [
      { kernel: [[-1], [-1]], bias: [1] },
      { kernel: [[-1]], bias: [1] },
    ];
    const [map] = await mapsOnLayers(featureAblation, saturated, {
      images: [[1, 1]],
      parameters: { segmentSize: 1 },
    });
    expectClose(map, [0, 0]);
  });
});

describe('feature permutation', () => {
  /** The reference images that a trial gives: 32, drawn from this stream. */
  const references = (size: number) => {
    const drawn = stream('conformance', 'reference');
    return Array.from({ length: 32 }, () => Array.from(drawn.uniforms(size)));
  };

  test('over all reference images is (x - their mean) w_c on a linear model', async () => {
    const linear = [{ kernel: [[1], [2], [-3], [4]], bias: [5] }];
    const x = [1, 2, 3, 4];
    const parameters = { segmentSize: 1, samples: 32 };
    const [map] = await mapsOnLayers(featurePermutation, linear, { images: [x], parameters });
    const mean = (k: number) => references(4).reduce((sum, other) => sum + at(other, k), 0) / 32;
    expectClose(
      map,
      x.map((value, k) => (value - mean(k)) * at([1, 2, -3, 4], k)),
      4,
    );
  });

  test.each(['a dense network', 'a function'])(
    'an exchange of equals changes nothing, to the bit, on %s',
    async (kind) => {
      // The lower rows are those of the references.
      const shared = numbers.uniforms(36);
      const upper = (name: string) => stream('equals', name).uniforms(48);
      const tensorOf = (names: readonly string[]) =>
        tf.tensor4d(Float32Array.from(names.flatMap((name) => [...upper(name), ...shared])), [names.length, ...shape]);
      const built = buildDense(shape, layers);
      const network = { ...built.network, ...(kind === 'a function' && { denseStem: undefined }) };
      const [given, reference] = [tensorOf(['a', 'b', 'c']), tensorOf(['d', 'e', 'f', 'g', 'h'])];
      const explained = tf.tensor1d([0, 1, 2], 'int32');
      const map = await featurePermutation.attribute({
        network,
        images: given,
        classes: explained,
        streams: ['a', 'b', 'c'].map((name) => stream('equals', 'stream', name)),
        bounds: { low: 0, high: 1 },
        parameters: { ...featurePermutation.parameters, segmentSize: 1, samples: 4 },
        reference,
        truth: undefined,
        auxiliary: undefined,
        signal: new AbortController().signal,
        progress: () => {},
      });
      const values = Array.from(await map.data());
      for (const [p, value] of values.entries()) expect(value === 0).toBe(p % 42 >= 24);
      tf.dispose([given, reference, explained, map]);
      built.dispose();
    },
  );

  test('equals the definition, with the references of each segment from the stream of the image', async () => {
    const parameters = { segmentSize: 4, samples: 3 };
    const maps = await mapsOnLayers(featurePermutation, layers, { images, classes, shape, parameters });
    const segmentOf = (k: number) => Math.floor(k / 12 / 4) * 2 + Math.floor((Math.floor(k / 2) % 6) / 4);
    images.forEach((x, i) => {
      const drawn = stream('conformance', 'attribution', i);
      const orders = [0, 1, 2, 3].map(() => drawn.permutation(32));
      const c = at(classes, i);
      const falls = orders.map((order, segment) => {
        const after = Array.from(order.subarray(0, 3), (r) => {
          const other = at(references(84), r);
          const mixed = x.map((value, k) => (segmentOf(k) === segment ? at(other, k) : value));
          return at(evaluate(layers, mixed), c);
        });
        return at(evaluate(layers, x), c) - after.reduce((sum, value) => sum + value, 0) / 3;
      });
      expectClose(
        maps[i],
        x.map((_, k) => at(falls, segmentOf(k))),
        4,
      );
    });
  });

  test('refuses settings by name', async () => {
    const many = mapsOnLayers(featurePermutation, layers, { images, shape, parameters: { samples: 33 } });
    await expect(many).rejects.toThrow(
      '[attribench] method "feature-permutation": samples is 33, expected at most 32, the number of reference images',
    );
  });
});
