/** Which networks are chains of dense layers, told from the layers that they build. */
import { beforeAll, describe, expect, it } from 'vitest';
import { defineModel } from '../define.ts';
import { loadEngine } from '../engine/index.ts';
import * as tf from '../tfjs.js';
import { denseChain } from './dense-chain.ts';

beforeAll(() => loadEngine('cpu'));

const layers = tf.layers;
const flatten = () => layers.flatten({ name: 'flatten', inputShape: [2, 3, 1] });
const dense = (name: string, units: number, more: object = {}) => layers.dense({ name, units, ...more });

function search(build: () => tf.LayersModel | { logits(): never; dispose(): void }) {
  const model = defineModel({ id: 'tested', title: 'T', cite: 'none', revision: 1, build: build as never });
  return denseChain(model, { inputShape: [2, 3, 1], classes: 3, parameters: {} });
}
const sequential = (...own: tf.layers.Layer[]) => search(() => tf.sequential({ layers: own }));

describe('a chain', () => {
  it('is read in order: layers of their own or activations inside, with and without a bias', () => {
    const before = tf.memory().numTensors;
    const { chain } = sequential(
      flatten(),
      dense('a', 5),
      layers.activation({ name: 'relu', activation: 'relu' }),
      dense('b', 4, { activation: 'relu', useBias: false }),
      layers.reLU({ name: 'again' }),
      dense('c', 3),
    );
    expect(chain?.map(({ kernel, bias, relu }) => [kernel.name, kernel.shape, bias?.name, relu])).toEqual([
      ['a/kernel', [6, 5], 'a/bias', true],
      ['b/kernel', [5, 4], undefined, true],
      ['c/kernel', [4, 3], 'c/bias', false],
    ]);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('may be one layer', () => {
    expect(sequential(flatten(), dense('logits', 3)).chain).toHaveLength(1);
  });
});

describe('no chain, for a reason in words', () => {
  it.each([
    [
      'dropout',
      [flatten(), layers.dropout({ name: 'drop', rate: 0.5 }), dense('c', 3)],
      'layer "drop" is of type Dropout',
    ],
    [
      'another activation',
      [flatten(), dense('c', 3, { activation: 'tanh' })],
      'layer "c/activation" is of type Activation',
    ],
    [
      'a capped ReLU',
      [flatten(), dense('c', 3), layers.reLU({ name: 'six', maxValue: 6 })],
      'layer "six" is of type ReLU',
    ],
    [
      'normalisation',
      [flatten(), layers.batchNormalization({ name: 'norm' }), dense('c', 3)],
      'layer "norm" is of type',
    ],
    ['a constraint', [flatten(), dense('c', 3, { kernelConstraint: 'nonNeg' })], 'layer "c" are constrained or fixed'],
    ['no layer', [flatten()], 'does not end in the last layer of a chain'],
    [
      'dense layers over pixels',
      [dense('pixel', 2, { inputShape: [2, 3, 1] }), layers.flatten({ name: 'f' })],
      'layer "pixel" is of type Dense',
    ],
  ])('%s', (_, own, why) => {
    expect(sequential(...own)).toEqual({ chain: null, why: expect.stringContaining(why) });
  });

  it('weights that stay', () => {
    const build = () => {
      const whole = tf.sequential({ layers: [flatten(), dense('fixed', 3)] });
      for (const layer of whole.layers) layer.trainable = false;
      return whole;
    };
    expect(search(build)).toMatchObject({
      chain: null,
      why: expect.stringContaining('"fixed" are constrained or fixed'),
    });
  });

  it('a branch, a layer used twice, and a function', () => {
    const branched = search(() => {
      const input = tf.input({ shape: [2, 3, 1] });
      const flat = flatten().apply(input) as tf.SymbolicTensor;
      const sum = layers
        .add({ name: 'sum' })
        .apply([
          dense('a', 3).apply(flat) as tf.SymbolicTensor,
          dense('b', 3).apply(flat) as tf.SymbolicTensor,
        ]) as tf.SymbolicTensor;
      return tf.model({ inputs: input, outputs: sum });
    });
    expect(branched).toMatchObject({ chain: null, why: expect.stringContaining('does not read the layer before it') });
    const shared = search(() => {
      const input = tf.input({ shape: [2, 3, 1] });
      const same = dense('same', 6);
      const flat = flatten().apply(input) as tf.SymbolicTensor;
      const twice = same.apply(same.apply(flat)) as tf.SymbolicTensor;
      return tf.model({ inputs: input, outputs: twice });
    });
    expect(shared).toMatchObject({ chain: null, why: 'layer "same#1" shares its weights' });
    expect(search(() => ({ logits: () => expect.fail(), dispose() {} }))).toEqual({
      chain: null,
      why: 'it is a function',
    });
  });
});
