/**
 * Every method on the convolutional architectures, narrow ones of BlockMNIST's proportions: batch normalisation, residual sums,
 * strides with borders of their own, max-pooling and global averages.
 */
import { readdirSync } from 'node:fs';
import { type ImageShape, type Method, type Model, type Parameters, resolveParameters, stream, tf } from 'attribench';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadEngine } from '../harness/engine/index.ts';
import { type BuiltNetwork, buildNetwork, weightShapes } from '../harness/network/build.ts';
import { makeWeights } from '../harness/network/weights.ts';
import { subject } from '../harness/vitest/conformance/subject.ts';
import cnnSmall from '../models/cnn-small.ts';
import { formulaWeight } from '../models/peers/formula.ts';
import resnet18 from '../models/resnet-18.ts';

const files = readdirSync(import.meta.dirname).filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'));
const SHAPE: ImageShape = [14, 7, 1];
const SIZE = 14 * 7;
const CLASSES = 3;
/** The most samples and iterations here. */
const MOST: Parameters = { samples: 10, iterations: 3, steps: 10 };

const images = Array.from({ length: 2 }, (_, i) => [...stream('test', 'image', i).uniforms(SIZE)]);
const classes = [0, 2];

const methodOf = async (id: string): Promise<Method> =>
  (await import(new URL(`${id}.ts`, import.meta.url).href)).default;

function built(model: Model): BuiltNetwork {
  const architecture = { inputShape: SHAPE, classes: CLASSES, parameters: resolveParameters(model, { width: 4 }) };
  return buildNetwork(model, architecture, makeWeights(weightShapes(model, architecture).map(formulaWeight)));
}

beforeAll(async () => {
  await loadEngine('wasm');
});

describe.each([cnnSmall, resnet18] as Model[])('$id', (model) => {
  let network: BuiltNetwork;
  beforeAll(() => {
    network = built(model);
  });
  afterAll(() => network.dispose());

  const mapsOf = async (id: string, parameters: Parameters = {}) =>
    subject(await methodOf(id), parameters).attribute({ network: network.network, images, classes });

  test.each(files)('%s', async (file) => {
    const method = await methodOf(file.replace(/\.ts$/, ''));
    const fewer = Object.entries(MOST).filter(([name, count]) => Number(method.parameters[name]) > Number(count));
    const before = tf.memory().numTensors;
    const values = (await mapsOf(method.id, Object.fromEntries(fewer))).flat();
    expect(tf.memory().numTensors).toBe(before);
    expect(values.every(Number.isFinite)).toBe(true);
    expect(values.some((value) => value !== 0)).toBe(true);
  });

  test('LRP-epsilon is input times gradient, as on any network of ReLU and linear layers', async () => {
    const [relevance, product] = [
      (await mapsOf('lrp-epsilon', { epsilon: 1e-9 })).flat(),
      (await mapsOf('input-x-gradient')).flat(),
    ];
    // Residual sums and averages keep a stabiliser of 1e-6, which shows beside activations of a thousandth: with 1e-9
    // there, the distance on the residual network is 2e-6.
    const distance = Math.hypot(...relevance.map((value, i) => value - (product[i] ?? Number.NaN)));
    expect(distance / Math.hypot(...product)).toBeLessThan(1e-3);
  });

  test.each(['deep-lift', 'deep-lift-reveal-cancel'])("%s sums to the logit's rise from the baseline", async (id) => {
    const maps = await mapsOf(id);
    const logits = tf.tidy(() =>
      network.network.logits(tf.tensor4d([...images.flat(), ...new Array(SIZE).fill(0)], [3, ...SHAPE])),
    );
    const values = await logits.data();
    logits.dispose();
    maps.forEach((map, i) => {
      const at = (row: number) => values[row * CLASSES + (classes[i] as number)] as number;
      expect(map.reduce((sum, value) => sum + value, 0)).toBeCloseTo(at(i) - at(2), 4);
    });
  });
});
