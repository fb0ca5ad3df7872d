/**
 * Grad-CAM and its kin against their formulas on one convolution and a linear head, where d logit_c / dA is the head's
 * kernel.
 */
import { defineModel, type ImageShape, type Method, type Parameters, stream, tf } from 'attribench';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadEngine } from '../harness/engine/index.ts';
import { type BuiltNetwork, buildNetwork } from '../harness/network/build.ts';
import { makeWeights } from '../harness/network/weights.ts';
import { at, randomNetwork } from '../harness/vitest/conformance/dense.ts';
import { batch, subject } from '../harness/vitest/conformance/subject.ts';
import gradCam from './grad-cam.ts';
import gradCamPlusPlus from './grad-cam-plus-plus.ts';
import guidedBackprop from './guided-backprop.ts';
import guidedGradCam from './guided-grad-cam.ts';
import layerCam from './layer-cam.ts';
import scoreCam from './score-cam.ts';
import { expectClose, mapsOnLayers } from './support/trial.ts';

const shape: ImageShape = [7, 6, 2];
const [height, width] = shape;
/** Height, width and channels of the layer: a 3 x 3 convolution with stride 2. */
const [rows, columns, K] = [4, 3, 5];
const cells = rows * columns;
const CLASSES = 3;

const numbers = stream('test', 'activation-methods');
const head = Array.from({ length: cells * K }, () => Array.from(numbers.uniforms(CLASSES, -1, 1)));
const images = [0, 1, 2].map(() => Array.from(numbers.uniforms(height * width * 2)));
const classes = [2, 0, 1];

const convolution = defineModel({
  id: 'convolution',
  title: 'Convolution',
  cite: 'none',
  revision: 1,
  build: () =>
    tf.sequential({
      layers: [
        tf.layers.conv2d({
          name: 'conv',
          filters: K,
          kernelSize: 3,
          strides: 2,
          padding: 'same',
          kernelInitializer: 'zeros',
          inputShape: [...shape],
        }),
        tf.layers.reLU({ name: 'relu' }),
        tf.layers.flatten({ name: 'flatten' }),
        tf.layers.dense({ name: 'head', units: CLASSES, kernelInitializer: 'zeros' }),
      ],
    }),
});

// The last channel is constant.
const kernel = numbers.uniforms(18 * K, -0.5, 0.5).map((w, i) => (i % K === 4 ? 0 : w));
const bias = Float32Array.of(0.1, -0.1, 0, 0.2, -0.1);

function buildWithHead(kernelOfHead: readonly number[]): BuiltNetwork {
  const weights = makeWeights([
    { name: 'conv/kernel', shape: [3, 3, 2, K], data: kernel },
    { name: 'conv/bias', shape: [K], data: bias },
    { name: 'head/kernel', shape: [cells * K, CLASSES], data: Float32Array.from(kernelOfHead) },
    { name: 'head/bias', shape: [CLASSES], data: Float32Array.of(1, 2, 3) },
  ]);
  return buildNetwork(convolution, { inputShape: shape, classes: CLASSES, parameters: {} }, weights);
}

let built: BuiltNetwork;
/** Outputs of relu and conv, [image][cell][channel]. */
let rectified: number[][][];
let convolved: number[][][];

beforeAll(async () => {
  await loadEngine('wasm');
  built = buildWithHead(head.flat());
  const input = batch(images, shape);
  const values = built.network.activations(input, ['relu', 'conv']).map((tensor) => {
    const list = tensor.reshape([images.length, cells, K]).arraySync() as number[][][];
    tensor.dispose();
    return list;
  }) as [number[][][], number[][][]];
  [rectified, convolved] = values;
  input.dispose();
});
afterAll(() => built.dispose());

const mapsOf = (method: Method, parameters: Parameters = {}) =>
  subject(method, parameters).attribute({ network: built.network, images, classes });

/** d logit_c / dA at a cell and channel of the ReLU's output. */
const gradient = (i: number, p: number, k: number) => at(at(head, p * K + k), at(classes, i));
const activation = (i: number, p: number, k: number) => at(at(at(rectified, i), p), k);
const overCells = (f: (p: number) => number) =>
  Array.from({ length: cells }, (_, p) => f(p)).reduce((a, b) => a + b, 0);
const overChannels = (f: (k: number) => number) => Array.from({ length: K }, (_, k) => f(k)).reduce((a, b) => a + b, 0);
const relu = (value: number) => Math.max(0, value);

/** A map of the layer's size on the image's pixels: tent functions around the middles of the cells. */
function stretched(map: readonly number[]): number[] {
  const along = (pixel: number, cell: number, count: number, length: number) => {
    const place = Math.min(count - 1, Math.max(0, ((pixel + 0.5) * count) / length - 0.5));
    return relu(1 - Math.abs(place - cell));
  };
  return Array.from({ length: height * width }, (_, pixel) =>
    map.reduce((sum, value, p) => {
      const down = along(Math.floor(pixel / width), Math.floor(p / columns), rows, height);
      return sum + value * down * along(pixel % width, p % columns, columns, width);
    }, 0),
  );
}

/** The map of every image from its value at a cell, on both channels of the image. */
const expected = (value: (i: number, p: number) => number) =>
  images.flatMap((_, i) => stretched(Array.from({ length: cells }, (_, p) => value(i, p))).flatMap((v) => [v, v]));

describe('on one convolution and a linear head', () => {
  test('Grad-CAM: mean gradients weigh the channels', async () => {
    const value = (i: number, p: number) =>
      relu(overChannels((k) => (overCells((q) => gradient(i, q, k)) / cells) * activation(i, p, k)));
    const wanted = expected(value);
    expectClose((await mapsOf(gradCam)).flat(), wanted, 5);
    expect(Math.max(...wanted)).toBeGreaterThan(0.01);
  });

  test('Grad-CAM at the convolution itself: its gradient is the head where the ReLU is open', async () => {
    const conv = (i: number, p: number, k: number) => at(at(at(convolved, i), p), k);
    const slope = (i: number, p: number, k: number) => (conv(i, p, k) > 0 ? gradient(i, p, k) : 0);
    const value = (i: number, p: number) =>
      relu(overChannels((k) => (overCells((q) => slope(i, q, k)) / cells) * conv(i, p, k)));
    expectClose((await mapsOf(gradCam, { layer: 'conv' })).flat(), expected(value), 5);
  });

  test('Grad-CAM++: alpha as in equation 19', async () => {
    const alpha = (i: number, p: number, k: number) => {
      const g = gradient(i, p, k);
      return g ** 2 / (2 * g ** 2 + overCells((q) => activation(i, q, k)) * g ** 3);
    };
    const weight = (i: number, k: number) => overCells((q) => alpha(i, q, k) * relu(gradient(i, q, k)));
    const value = (i: number, p: number) => relu(overChannels((k) => weight(i, k) * activation(i, p, k)));
    expectClose((await mapsOf(gradCamPlusPlus)).flat(), expected(value), 5);
  });

  test('LayerCAM: each place has its own weight', async () => {
    const value = (i: number, p: number) => relu(overChannels((k) => relu(gradient(i, p, k)) * activation(i, p, k)));
    expectClose((await mapsOf(layerCam)).flat(), expected(value), 5);
  });

  test('Grad-CAM marks places that no logit depends on, LayerCAM none (Draelos, Carin 2020)', async () => {
    // The head reads the last cell alone, which lies in the lower right corner.
    const reading = buildWithHead(head.flatMap((row, i) => row.map(() => (i >= (cells - 1) * K ? 1 : 0))));
    const corner = async (method: Method) => {
      const maps = await subject(method).attribute({ network: reading.network, images, classes });
      return maps.map((map) => at(map, 0));
    };
    try {
      expect(Math.min(...(await corner(gradCam)))).toBeGreaterThan(0.01);
      expect(await corner(layerCam)).toEqual([0, 0, 0]);
    } finally {
      reading.dispose();
    }
  });

  test('Guided Grad-CAM: guided backprop times Grad-CAM', async () => {
    const [fine, coarse] = [await mapsOf(guidedBackprop), await mapsOf(gradCam)];
    const product = fine.flatMap((map, i) => map.map((value, j) => value * at(at(coarse, i), j)));
    expectClose((await mapsOf(guidedGradCam)).flat(), product, 6);
    expect(Math.max(...product.map(Math.abs))).toBeGreaterThan(0.01);
  });

  test.each(['relu', 'conv'])('Score-CAM: one masked copy a channel of %s', async (layer) => {
    const channels = layer === 'relu' ? rectified : convolved;
    const activation = (i: number, p: number, k: number) => at(at(at(channels, i), p), k);
    const logit = (image: readonly number[], c: number) => {
      const input = batch([image], shape);
      const logits = built.network.logits(input);
      const [row] = logits.arraySync() as [number[]];
      tf.dispose([input, logits]);
      return at(row, c);
    };
    const weights = images.map((x, i) => {
      const scores = Array.from({ length: K }, (_, k) => {
        const mask = stretched(Array.from({ length: cells }, (_, p) => activation(i, p, k)));
        const [low, high] = [Math.min(...mask), Math.max(...mask)];
        if (low === high) return Number.NEGATIVE_INFINITY;
        const masked = x.map((value, j) => (value * (at(mask, Math.floor(j / 2)) - low)) / (high - low));
        const empty = x.map(() => 0);
        return logit(masked, at(classes, i)) - logit(empty, at(classes, i));
      });
      const total = scores.reduce((sum, score) => sum + Math.exp(score), 0);
      return scores.map((score) => Math.exp(score) / total);
    });
    // The constant channel takes no part.
    expect(weights.map((weight) => at(weight, K - 1))).toEqual([0, 0, 0]);
    const value = (i: number, p: number) => relu(overChannels((k) => at(at(weights, i), k) * activation(i, p, k)));
    const wanted = expected(value);
    expectClose((await mapsOf(scoreCam, { layer })).flat(), wanted, 4);
    expect(Math.max(...wanted)).toBeGreaterThan(0.1);
  });
});

const all = [gradCam, gradCamPlusPlus, layerCam, scoreCam, guidedGradCam];

describe('the layer', () => {
  test.each(all)('$id looks at the last with spatial extent', async (method) => {
    expect(await mapsOf(method)).toEqual(await mapsOf(method, { layer: 'relu' }));
  });

  test.each(all)('$id does not apply to dense layers', async (method) => {
    const layers = randomNetwork(stream('test', 'dense'), [6, 4, 3]);
    const skipped = mapsOnLayers(method, layers, { images: [[1, 2, 3, 4, 5, 6]], shape: [2, 3, 1] });
    await expect(skipped).rejects.toMatchObject({
      name: 'NotApplicable',
      message: `[attribench] method "${method.id}" needs a convolutional layer, the network has none`,
    });
  });

  test('a wrong name is refused with the right ones', async () => {
    for (const layer of ['relu2', 'flatten']) {
      await expect(mapsOf(layerCam, { layer })).rejects.toThrow(
        `[attribench] method "layer-cam": layer is "${layer}", expected "auto" or a node with spatial extent: conv, relu`,
      );
    }
  });
});
