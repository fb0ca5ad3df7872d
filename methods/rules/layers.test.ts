/**
 * What every method of the family does with a layer graph: layers used twice, layers without a rule, normalisations.
 */
import { type GraphNode, type ImageShape, type Method, NotApplicable, stream, tf } from 'attribench';
import { beforeAll, describe, expect, test } from 'vitest';
import { loadEngine } from '../../harness/engine/index.ts';
import deconvolution from '../deconvolution.ts';
import deepLift from '../deep-lift.ts';
import deepLiftRevealCancel from '../deep-lift-reveal-cancel.ts';
import deepShap from '../deep-shap.ts';
import excitationBackprop from '../excitation-backprop.ts';
import guidedBackprop from '../guided-backprop.ts';
import lrpAlphaBeta from '../lrp-alpha-beta.ts';
import lrpEpsilon from '../lrp-epsilon.ts';
import lrpEpsilonGammaBox from '../lrp-epsilon-gamma-box.ts';
import lrpEpsilonPlusFlat from '../lrp-epsilon-plus-flat.ts';
import lrpFlat from '../lrp-flat.ts';
import lrpGamma from '../lrp-gamma.ts';
import lrpWSquare from '../lrp-w-square.ts';
import lrpZBox from '../lrp-z-box.ts';
import patternAttribution from '../pattern-attribution.ts';
import { kindOf, type LayerKind, layoutOf } from './layers.ts';
import {
  build,
  chain,
  conv,
  dense,
  depthwise,
  expectNear,
  type Flow,
  flatten,
  mapsOn,
  norm,
  randomImages,
  relu,
  through,
  zoo,
} from './testing/graph.ts';

beforeAll(async () => {
  await loadEngine('wasm');
});

const FAMILY: readonly Method[] = [
  deconvolution,
  deepLift,
  deepLiftRevealCancel,
  deepShap,
  excitationBackprop,
  guidedBackprop,
  lrpAlphaBeta,
  lrpEpsilon,
  lrpEpsilonGammaBox,
  lrpEpsilonPlusFlat,
  lrpFlat,
  lrpGamma,
  lrpWSquare,
  lrpZBox,
  patternAttribution,
];

const shape: ImageShape = [6, 5, 2];

describe.each(FAMILY)('$id', (method) => {
  test('goes through every kind of layer, and gives an image its map whatever its batch', async () => {
    const large: ImageShape = [12, 10, 2];
    const numbers = stream('layers', 'zoo');
    const built = build(large, zoo(3), numbers);
    const images = randomImages(numbers, 3, large, -1, 1);
    const together = await mapsOn(method, built, { images, classes: [0, 1, 2] });
    const [alone = []] = await mapsOn(method, built, { images: images.slice(2), classes: [2] });
    expectNear(together[2] ?? [], alone, 1e-5);
    built.dispose();
  });

  test('treats a layer used twice as two layers with the same weights', async () => {
    // A path through one activation on the first use, and a sum of both uses behind it.
    const flow =
      (again: (first: tf.layers.Layer) => tf.layers.Layer): Flow =>
      (image) => {
        const shared = conv('shared', 2);
        const once = through(relu('relu-1'), through(shared, image));
        const twice = through(relu('relu-2'), through(again(shared), once));
        const sum = through(tf.layers.add({ name: 'sum' }), once, twice);
        return through(dense('logits', 3), through(flatten(), sum));
      };
    const numbers = stream('layers', 'shared');
    const shared = build(
      shape,
      flow((first) => first),
      numbers,
    );
    const copied = build(
      shape,
      flow(() => conv('copy', 2)),
      numbers,
      { drawnAs: (name) => name.replace('copy', 'shared') },
    );
    const images = randomImages(numbers, 2, shape);
    const expected = await mapsOn(method, copied, { images, classes: [0, 1] });
    const got = await mapsOn(method, shared, { images, classes: [0, 1] });
    for (const [i, map] of got.entries()) expectNear(map, expected[i] ?? [], 1e-6);
    shared.dispose();
    copied.dispose();
  });

  test.each<[string, Flow, RegExp]>([
    [
      'a layer without a rule',
      (image) => {
        const flat = through(flatten(), image);
        const product = through(tf.layers.multiply({ name: 'product' }), flat, through(dense('gate', 60), flat));
        return through(dense('logits', 2), product);
      },
      /^\[attribench\] no backward rule for node "product" of type Multiply$/,
    ],
    [
      'softmax',
      chain(() => [flatten(), dense('hidden', 4), tf.layers.softmax({ name: 'soft' }), dense('logits', 2)]),
      /^\[attribench\] no backward rule for node "soft" of type Softmax$/,
    ],
    [
      'a dilated convolution',
      chain(() => [conv('wide', 2, { dilationRate: 2 }), relu('relu'), flatten(), dense('logits', 2)]),
      /^\[attribench\] no backward rule for node "wide": dilated by 2,2/,
    ],
  ])('declines %s in one sentence that names it', async (_, flow, sentence) => {
    const built = build(shape, flow, stream('layers', 'declined'));
    const before = tf.memory().numTensors;
    const declined = await mapsOn(method, built, { images: randomImages(stream('layers'), 1, shape) }).catch((e) => e);
    expect(declined, String(declined)).toBeInstanceOf(NotApplicable);
    expect(declined.message).toMatch(sentence);
    expect(tf.memory().numTensors).toBe(before);
    built.dispose();
  });
});

describe('batch normalisation', () => {
  const placed = (flow: Flow) => {
    const built = build(shape, flow, stream('layers', 'norm'));
    const { foldedGraph } = built.network;
    built.dispose();
    return { ...layoutOf(foldedGraph), nodes: foldedGraph.map(({ name, type }) => `${name}: ${type}`) };
  };

  test('folds into a linear layer that only it reads, and into no other', () => {
    const layout = placed((image) => {
      const first = through(norm('of-image'), image);
      const plain = through(norm('of-conv'), through(conv('plain', 2), first));
      const twice = conv('read-twice', 2);
      const values = through(twice, through(relu('relu'), plain));
      const sum = through(tf.layers.add({ name: 'sum' }), values, through(norm('not-alone'), values));
      const grouped = through(norm('of-depthwise'), through(depthwise('depthwise'), through(norm('of-sum'), sum)));
      return through(norm('of-logits'), through(dense('logits', 2), through(flatten(), grouped)));
    });
    expect(layout.nodes).toEqual([
      'image: InputLayer',
      'of-image: BatchNormalization',
      'of-conv: Conv2D',
      'relu: ReLU',
      'read-twice: Conv2D',
      'not-alone: BatchNormalization',
      'sum: Add',
      'of-sum: BatchNormalization',
      'of-depthwise: DepthwiseConv2D',
      'flatten: Flatten',
      'of-logits: Dense',
    ]);
    expect([...layout.first]).toEqual(['of-image']);
    expect([...layout.last]).toEqual(['of-logits']);
  });

  test('a use of a shared layer folds apart from its other use', () => {
    const layout = placed((image) => {
      const shared = conv('shared', 2);
      const once = through(norm('of-first-use'), through(shared, image));
      return through(dense('logits', 2), through(flatten(), through(norm('of-second-use'), through(shared, once))));
    });
    expect(layout.nodes.slice(1, 3)).toEqual(['of-first-use: Conv2D', 'of-second-use: Conv2D']);
  });
});

test.each<[string, tf.layers.Layer, LayerKind]>([
  ['relu6', tf.layers.activation({ activation: 'relu6' }), 'rectifier'],
  ['PReLU', tf.layers.prelu(), 'rectifier'],
  ['tanh', tf.layers.activation({ activation: 'tanh' }), 'elementwise'],
  ['the identity', tf.layers.activation({ activation: 'linear' }), 'structure'],
  ['softmax', tf.layers.activation({ activation: 'softmax' }), 'unknown'],
  ['permute', tf.layers.permute({ dims: [2, 1, 3] }), 'structure'],
])('%s is of its kind', (_, layer, kind) => {
  const node = { type: layer.getClassName(), config: layer.getConfig() } as object as GraphNode;
  expect(kindOf(node)).toBe(kind);
});

test('knows outputs that are never negative', () => {
  const built = build(
    shape,
    (image) => {
      const active = through(relu('relu'), through(conv('a', 2), image));
      const pooled = through(tf.layers.maxPooling2d({ name: 'max', poolSize: 2 }), active);
      const shifted = through(norm('norm'), pooled);
      const sum = through(tf.layers.add({ name: 'sum' }), pooled, shifted);
      return through(dense('logits', 2), through(flatten(), sum));
    },
    stream('layers'),
  );
  expect([...layoutOf(built.network.graph).nonNegative]).toEqual(['relu', 'max']);
  const [image] = built.network.graph.map(({ name }) => name);
  expect([...layoutOf(built.network.graph, true).nonNegative]).toEqual([image, 'relu', 'max']);
  built.dispose();
});

test('knows outputs of which nothing negative goes on', () => {
  const built = build(
    shape,
    (image) => {
      const active = through(relu('relu'), through(norm('cut-off'), through(conv('a', 2), image)));
      const both = through(conv('read-twice', 2), active);
      const sum = through(tf.layers.add({ name: 'sum' }), both, through(relu('relu-2'), both));
      const leaky = through(tf.layers.leakyReLU({ name: 'leaky' }), through(conv('leaking', 2), sum));
      return through(relu('last'), through(dense('logits', 2), through(flatten(), leaky)));
    },
    stream('layers'),
  );
  expect([...layoutOf(built.network.foldedGraph).rectified]).toEqual(['cut-off']);
  built.dispose();
});
