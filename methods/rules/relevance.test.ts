import { test as propertyTest } from '@fast-check/vitest';
import { type ImageShape, type Method, stream, tf } from 'attribench';
import fc from 'fast-check';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { loadEngine } from '../../harness/engine/index.ts';
import { at, type DenseNetwork, evaluate, mapDense, randomNetwork } from '../../harness/vitest/conformance/dense.ts';
import inputXGradient from '../input-x-gradient.ts';
import lrpAlphaBeta from '../lrp-alpha-beta.ts';
import lrpEpsilon from '../lrp-epsilon.ts';
import lrpEpsilonGammaBox from '../lrp-epsilon-gamma-box.ts';
import lrpEpsilonPlusFlat from '../lrp-epsilon-plus-flat.ts';
import lrpFlat from '../lrp-flat.ts';
import lrpGamma from '../lrp-gamma.ts';
import lrpWSquare from '../lrp-w-square.ts';
import lrpZBox from '../lrp-z-box.ts';
import { expectClose, mapsOnLayers } from '../support/trial.ts';
import {
  alphaBeta,
  boxRule,
  CONTRAST,
  EXCITATION,
  epsilonRule,
  FLAT,
  gammaRule,
  type LinearRule,
  relevanceOf,
  W_SQUARE,
  Z_PLUS,
} from './relevance.ts';
import { convolutionEdges, denseEdges, type Edges, outputs, relevance, SLOW, type SlowRule } from './testing/edges.ts';
import {
  build,
  chain,
  conv,
  dense,
  expectNear,
  flatten,
  logitsOn,
  mapsOn,
  norm,
  randomImages,
  relu,
  zoo,
} from './testing/graph.ts';

beforeAll(async () => {
  await loadEngine('wasm');
});

const RULES: readonly [name: string, rule: LinearRule][] = [
  ['epsilon', epsilonRule(1e-6)],
  ['alpha2beta1', alphaBeta(2, 1)],
  ['zPlus', Z_PLUS],
  ['excitation', EXCITATION],
  ['contrast', CONTRAST],
  ['gamma', gammaRule(0.25)],
  ['box', boxRule({ low: -1, high: 1 })],
  ['wSquare', W_SQUARE],
  ['flat', FLAT],
];

/** Relevance of dense layers with ReLUs between, edge by edge. */
function slowMap(layers: readonly Edges[], x: readonly number[], c: number, rules: readonly SlowRule[]): number[] {
  const inputs = [x];
  for (const layer of layers.slice(0, -1))
    inputs.push(outputs(layer, at(inputs, inputs.length - 1)).map((y) => Math.max(0, y)));
  const logits = outputs(at(layers, layers.length - 1), at(inputs, inputs.length - 1));
  return layers.reduceRight(
    (R, layer, depth) => relevance(layer, at(inputs, depth), R, rules),
    logits.map((logit, j) => (j === c ? logit : 0)),
  );
}

async function relevanceWith(rule: LinearRule, built: ReturnType<typeof build>, x: readonly number[], c: number) {
  const { network } = built;
  const images = tf.tensor4d([...x], [1, ...network.inputShape]);
  const classes = tf.tensor1d([c], 'int32');
  const map = relevanceOf({ network, images, classes, composite: () => rule });
  const values = Array.from(await map.data());
  tf.dispose([images, classes, map]);
  return values;
}

describe.each(RULES)('rule %s equals its definition, edge by edge', (name, rule) => {
  const slow = SLOW[name] as readonly SlowRule[];

  test('on dense layers with biases, for inputs and logits of both signs', async () => {
    for (const trial of [0, 1, 2]) {
      const numbers = stream('relevance', 'dense', trial);
      const shape: ImageShape = [2, 3, 1];
      const layers = chain(() => [
        flatten(),
        dense('a', 12),
        relu('relu-a'),
        dense('b', 10),
        relu('relu-b'),
        dense('logits', 3),
      ]);
      const built = build(shape, layers, numbers);
      const { weights } = built.network;
      const edges = await Promise.all(
        ['a', 'b', 'logits'].map(async (layer) => {
          const kernel = (await (weights[`${layer}/kernel`] as tf.Tensor2D).array()) as number[][];
          const bias = Array.from(await (weights[`${layer}/bias`] as tf.Tensor).data());
          return denseEdges(kernel, bias);
        }),
      );
      const [x = []] = randomImages(numbers, 1, shape, -1, 1);
      for (const c of [0, 1, 2]) expectNear(await relevanceWith(rule, built, x, c), slowMap(edges, x, c, slow));
      built.dispose();
    }
  });

  test('on a convolution with batch normalisation folded into it', async () => {
    const numbers = stream('relevance', 'convolution');
    const shape: ImageShape = [4, 5, 2];
    const built = build(
      shape,
      chain(() => [conv('a', 3), norm('n'), relu('relu'), flatten(), dense('logits', 2)]),
      numbers,
    );
    const { weights } = built.network;
    const list = async (weight: string) => Array.from(await (weights[weight] as tf.Tensor).data());
    const kernel = await list('a/kernel');
    const [bias, gamma, beta, mean, variance] = (await Promise.all(
      ['a/bias', 'n/gamma', 'n/beta', 'n/movingMean', 'n/movingVariance'].map(list),
    )) as [number[], number[], number[], number[], number[]];
    const scale = gamma.map((g, k) => g / Math.sqrt(at(variance, k) + 1e-3));
    const edges = convolutionEdges(
      (row, column, from, to) => at(kernel, ((row * 3 + column) * 2 + from) * 3 + to) * at(scale, to),
      { height: 4, width: 5, size: 3, from: 2, to: 3 },
      bias.map((b, k) => (b - at(mean, k)) * at(scale, k) + at(beta, k)),
    );
    const logits = (await (weights['logits/kernel'] as tf.Tensor2D).array()) as number[][];
    const layers = [edges, denseEdges(logits, await list('logits/bias'))];
    const [x = []] = randomImages(numbers, 1, shape, -1, 1);
    for (const c of [0, 1]) expectNear(await relevanceWith(rule, built, x, c), slowMap(layers, x, c, slow));
    built.dispose();
  });

  // Behind a ReLU inputs are not negative, and before one nothing arrives at what is.
  test('on a convolution between ReLUs', async () => {
    const numbers = stream('relevance', 'between ReLUs');
    const shape: ImageShape = [6, 7, 1];
    const layers = () => [conv('a', 2), relu('relu-a'), conv('b', 2), relu('relu-b'), flatten(), dense('logits', 2)];
    const built = build(shape, chain(layers), numbers);
    const { weights } = built.network;
    const list = async (weight: string) => Array.from(await (weights[weight] as tf.Tensor).data());
    const edgesOf = async (name: string, from: number) => {
      const kernel = await list(`${name}/kernel`);
      return convolutionEdges(
        (row, column, i, j) => at(kernel, ((row * 3 + column) * from + i) * 2 + j),
        { height: 6, width: 7, size: 3, from, to: 2 },
        await list(`${name}/bias`),
      );
    };
    const logits = (await (weights['logits/kernel'] as tf.Tensor2D).array()) as number[][];
    const edges = [await edgesOf('a', 1), await edgesOf('b', 2), denseEdges(logits, await list('logits/bias'))];
    const [x = []] = randomImages(numbers, 1, shape, -1, 1);
    for (const c of [0, 1]) expectNear(await relevanceWith(rule, built, x, c), slowMap(edges, x, c, slow));
    built.dispose();
  });
});

describe('closed forms on one linear layer y = w . x + b', () => {
  const [w, x, b] = [[2, -3, 1], [0.5, 0.25, 0.75], 0.7];
  const layer: DenseNetwork = [{ kernel: w.map((value) => [value]), bias: [b] }];
  const y = 2 * 0.5 - 3 * 0.25 + 0.75 + b;
  const map = async (method: Method, parameters = {}) =>
    (await mapsOnLayers(method, layer, { images: [x], parameters }))[0];

  test('epsilon: x w', async () => expectClose(await map(lrpEpsilon), [1, -0.75, 0.75]));
  test('epsilon large: the stabiliser absorbs', async () =>
    expectClose(
      await map(lrpEpsilon, { epsilon: y }),
      [1, -0.75, 0.75].map((z) => z / 2),
    ));
  test('alpha-beta', async () => {
    const up = 1 + 0.75 + b;
    expectClose(await map(lrpAlphaBeta), [(2 * y * 1) / up, -y, (2 * y * 0.75) / up]);
    expectClose(await map(lrpAlphaBeta, { alpha: 1, beta: 0 }), [y / up, 0, (0.75 * y) / up]);
  });
  test('gamma', async () => {
    const total = 2 * (1 + 0.75 + b) - 0.75;
    expectClose(await map(lrpGamma, { gamma: 1 }), [(2 * y) / total, (-0.75 * y) / total, (1.5 * y) / total]);
  });
  test('z-box: from 0 to 1', async () => {
    const z = [0.5 * 2, (1 - 0.25) * 3, 0.75];
    expectClose(
      await map(lrpZBox),
      z.map((part) => (part * y) / (1 + 2.25 + 0.75)),
    );
  });
  test('w-square and flat', async () => {
    expectClose(
      await map(lrpWSquare),
      [4, 9, 1].map((part) => (part * y) / 14),
    );
    expectClose(await map(lrpFlat), [y / 3, y / 3, y / 3]);
  });
});

test('epsilon to 0 is input x gradient on a ReLU network with biases', async () => {
  const numbers = stream('relevance', 'self-test');
  const layers = randomNetwork(numbers, [30, 20, 15, 4]);
  const trial = { images: [Array.from(numbers.uniforms(30, -1, 1))], classes: [2] };
  const [lrp = []] = await mapsOnLayers(lrpEpsilon, layers, { ...trial, parameters: { epsilon: 1e-9 } });
  const [gradient = []] = await mapsOnLayers(inputXGradient, layers, trial);
  expectNear(lrp, gradient, 1e-5);
});

test('epsilon to 0 is input x gradient through every kind of layer', async () => {
  const shape: ImageShape = [12, 10, 2];
  const numbers = stream('relevance', 'zoo');
  const built = build(shape, zoo(3), numbers);
  const images = randomImages(numbers, 2, shape, -1, 1);
  const lrp = await mapsOn(lrpEpsilon, built, { images, classes: [0, 2] }, { epsilon: 1e-9 });
  const gradient = await mapsOn(inputXGradient, built, { images, classes: [0, 2] });
  // The stabiliser of sums and averages is 1e-6 whatever epsilon.
  for (const [i, map] of lrp.entries()) expectNear(map, at(gradient, i), 1e-3);
  built.dispose();
});

describe('conservation without biases: maps sum to the logit', () => {
  const CONSERVING: readonly [Method, { [name: string]: number }][] = [
    [lrpEpsilon, {}],
    [lrpGamma, {}],
    [lrpZBox, {}],
    [lrpWSquare, {}],
    [lrpFlat, {}],
    [lrpEpsilonPlusFlat, {}],
    [lrpEpsilonGammaBox, {}],
    [lrpAlphaBeta, { alpha: 1, beta: 0 }],
  ];
  propertyTest.prop([fc.nat(), fc.constantFrom(...CONSERVING)], { numRuns: 40, seed: 1 })(
    'on dense layers, for a class with a positive logit',
    async (name, [method, parameters]) => {
      const numbers = stream('relevance', 'conservation', name);
      const layers = randomNetwork(numbers, [12, 8, 6, 3]).map((layer) =>
        mapDense(
          layer,
          (w) => w,
          () => 0,
        ),
      );
      const x = Array.from(numbers.uniforms(12));
      const logits = evaluate(layers, x);
      const c = logits.indexOf(Math.max(...logits));
      // An output below zero need not have any positive contribution to pass its relevance to.
      fc.pre(at(logits, c) > 0.01);
      const [map = []] = await mapsOnLayers(method, layers, { images: [x], classes: [c], parameters });
      const size = map.reduce((sum, value) => sum + Math.abs(value), 0);
      expect(Math.abs(map.reduce((sum, value) => sum + value, 0) - at(logits, c))).toBeLessThan(1e-3 * size);
    },
  );

  test.each([lrpEpsilon, lrpGamma])('$id: through every kind of layer, to the stabilisers', async (method) => {
    const shape: ImageShape = [12, 10, 2];
    const numbers = stream('relevance', 'zoo without bias');
    const built = build(shape, zoo(3), numbers, { bias: 0 });
    const images = randomImages(numbers, 2, shape);
    const classes = [0, 1];
    const maps = await mapsOn(method, built, { images, classes });
    const logits = await logitsOn(built, images);
    for (const [i, map] of maps.entries()) {
      const size = map.reduce((sum, value) => sum + Math.abs(value), 0);
      const sum = map.reduce((total, value) => total + value, 0);
      expect(Math.abs(sum - at(at(logits, i), at(classes, i)))).toBeLessThan(1e-3 * size);
    }
    built.dispose();
  });

  test('with a bias relevance is absorbed: relu(x - 1) at 3 gives 3 of 2', async () => {
    const unit = [
      { kernel: [[1]], bias: [-1] },
      { kernel: [[1]], bias: [0] },
    ];
    expectClose((await mapsOnLayers(lrpEpsilon, unit, { images: [[3]] }))[0], [3], 4);
  });
});

test('alpha and beta that do not differ by one are refused', async () => {
  const layer: DenseNetwork = [{ kernel: [[1]], bias: [0] }];
  for (const parameters of [
    { alpha: 2, beta: 0 },
    { alpha: 0, beta: -1 },
  ]) {
    await expect(mapsOnLayers(lrpAlphaBeta, layer, { images: [[1]], parameters })).rejects.toThrow(
      'expected beta >= 0 and alpha - beta = 1',
    );
  }
});

describe('images that are never negative', () => {
  test.each([
    ['alpha-beta', alphaBeta(2, 1)],
    ['z+', Z_PLUS],
  ] as const)('need fewer products for the same bits: %s', async (_, rule) => {
    const shape: ImageShape = [2, 3, 1];
    const layers = chain(() => [flatten(), dense('a', 12), relu('relu-a'), dense('logits', 3)]);
    const built = build(shape, layers, stream('relevance', 'non-negative'));
    const [x = []] = randomImages(stream('relevance', 'image'), 1, shape, 0, 1);
    const images = tf.tensor4d([0, ...x.slice(1)], [1, ...shape]);
    const classes = tf.tensor1d([1], 'int32');
    const maps = [undefined, true].map((nonNegative) => {
      const known = nonNegative === undefined ? {} : { nonNegative };
      const { result, products } = counted(() =>
        relevanceOf({ network: built.network, images, classes, composite: () => rule, ...known }),
      );
      return { map: result, products };
    });
    const [any, known] = await Promise.all(maps.map(async ({ map }) => Array.from(await map.data())));
    expect(known).toEqual(any);
    expect(maps[1]?.products).toBeLessThan(maps[0]?.products ?? 0);
    tf.dispose([images, classes, maps.map(({ map }) => map)]);
    built.dispose();
  });
});

/** A result, and how many products of matrices it took. */
function counted<Result>(make: () => Result): { result: Result; products: number } {
  const spy = vi.spyOn(tf.getKernel(tf.BatchMatMul, tf.getBackend()), 'kernelFunc');
  const result = make();
  const products = spy.mock.calls.length;
  spy.mockRestore();
  return { result, products };
}

test('rules of the same settings are the same assignment, by which a network knows a walk again; others are not', () => {
  const graph = ['InputLayer', 'Dense'].map((type, i) => ({
    name: `node${i}`,
    type,
    inputs: i === 0 ? [] : ['node0'],
    config: {},
    weights: {},
    outputShape: [1],
  }));
  const given: unknown[] = [];
  const network = {
    foldedGraph: graph,
    propagate: (images: tf.Tensor4D, _: unknown, assignment: unknown) => {
      given.push(assignment);
      return tf.clone(images);
    },
  };
  tf.tidy(() => {
    const request = {
      network: network as never,
      images: tf.zeros<tf.Rank.R4>([1, 1, 1, 1]),
      classes: tf.tensor1d([0], 'int32'),
    };
    const walks = [
      { composite: () => gammaRule(0.25) },
      { composite: () => gammaRule(0.25) },
      { composite: () => gammaRule(0.5) },
      { composite: () => alphaBeta(2, 1) },
      { composite: () => alphaBeta(2, 1), nonNegative: true },
      { composite: () => gammaRule(0.25) },
    ];
    for (const walk of walks) relevanceOf({ ...request, ...walk });
  });
  const places = given.map((assignment) => given.indexOf(assignment));
  expect(places).toEqual([0, 0, 2, 3, 4, 0]);
});
