import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { stream } from '../../../random.ts';
import * as tf from '../../../tfjs.js';
import { loadEngine, ownPrograms } from '../../index.ts';
import { type Computation, operationwise, type Programs } from '../../program.ts';
import { enginesTested } from '../../testing/engines.ts';
import { type Binding, type NativeOperations, writableCopy } from '../operations.ts';
import { type Fusion, fused } from './fusion.ts';
import { FusionProofs } from './fusion-proof.ts';
import { refusedPrograms } from './index.ts';
import type { Call } from './recording.ts';

const present = (await enginesTested()).some(({ name, present }) => name === 'tensorflow' && present);

// The message classes that protoc made for tfjs-node.
const { SavedModel } = createRequire(import.meta.url)('@tensorflow/tfjs-node/dist/proto/api_pb');

let native: NativeOperations;
let addon: Binding;
/** Of each graph that the library was given the operations. */
let graphs: string[][];
let tensorsBefore: number;

beforeEach(async () => {
  if (!present) return;
  await loadEngine('tensorflow');
  native = tf.backend() as unknown as NativeOperations;
  addon = native.binding;
  graphs = [];
  tensorsBefore = tf.memory().numTensors;
  native.binding = {
    ...writableCopy(addon),
    loadSavedModel: (folder, tags) => {
      const [graph] = SavedModel.deserializeBinary(readFileSync(join(folder, 'saved_model.pb'))).toObject()
        .metaGraphsList;
      graphs.push(graph.graphDef.nodeList.map(({ op }: { readonly op: string }) => op));
      return addon.loadSavedModel(folder, tags);
    },
  };
});

afterEach(() => {
  if (!present) return;
  native.binding = addon;
  expect(tf.memory().numTensors).toBe(tensorsBefore);
});

const numbers = (shape: readonly number[], ...names: (string | number)[]) =>
  tf.tensor(stream('fusion-test', ...names).normals(shape.reduce((a, b) => a * b, 1)), [...shape]);

describe.runIf(present)('a proof', () => {
  const IMAGES = [3, 7, 7, 2];
  const type = (shape: readonly number[]) => ({ type: 1, shape });

  /** A convolution, its bias and a rectification, as one and one by one. */
  function fusionOf(): Fusion {
    const { TF_ATTR_TYPE, TF_ATTR_STRING, TF_ATTR_INT } = addon;
    const T = { name: 'T', type: TF_ATTR_TYPE, value: 1 };
    const call = (name: string, operation: string, inputs: readonly string[], others: Call['attributes'] = []) => ({
      name,
      operation,
      inputs,
      attributes: [T, ...others],
      outputs: [type([3, 7, 7, 5])],
    });
    const convolution = call(
      'c',
      'Conv2D',
      ['x:0', 'w:0'],
      [
        { name: 'strides', type: TF_ATTR_INT, value: [1, 1, 1, 1] },
        { name: 'padding', type: TF_ATTR_STRING, value: 'SAME' },
        { name: 'data_format', type: TF_ATTR_STRING, value: 'NHWC' },
      ],
    );
    const given = [
      { name: 'x', ...type(IMAGES) },
      { name: 'w', ...type([3, 3, 2, 5]) },
      { name: 'b', ...type([5]) },
    ];
    const calls = [convolution, call('s', 'AddV2', ['c:0', 'b:0']), call('y', 'Relu', ['s:0'])];
    let found: Fusion | undefined;
    fused({ given, constants: [], calls, results: ['y:0'] }, addon, (fusion) => {
      found = fusion;
      return true;
    });
    return found as Fusion;
  }

  const withAttribute = (fusion: Fusion, name: string, value: Call['attributes'][number]['value']): Fusion => {
    const attributes = fusion.fused.attributes.map((one) => (one.name === name ? { ...one, value } : one));
    return { ...fusion, fused: { ...fusion.fused, attributes } };
  };

  test('is made once of what is computed and its shapes', () => {
    const proofs = new FusionProofs(native);
    expect([proofs.isProven(fusionOf()), proofs.isProven(fusionOf())]).toEqual([true, true]);
    expect(graphs.length).toBe(1);
    const { types, ...fusion } = fusionOf();
    const other = { ...fusion, types: [type([3, 9, 9, 2]), ...types.slice(1)] };
    expect(proofs.isProven(other)).toBe(true);
    expect(graphs.length).toBe(2);
  });

  test('is made on drawn numbers, of 32 images at most', () => {
    const given: { readonly shape: number[]; readonly values: Float32Array }[] = [];
    native.binding.createTensor = (shape, dtype, values) => {
      given.push({ shape, values: values as Float32Array });
      return addon.createTensor(shape, dtype, values);
    };
    const { types, ...fusion } = fusionOf();
    const sessions = addon.getNumOfSavedModels();
    expect(new FusionProofs(native).isProven({ ...fusion, types: [type([40, 13, 13, 2]), ...types.slice(1)] })).toBe(
      true,
    );
    expect(addon.getNumOfSavedModels()).toBe(sessions);
    expect(given.map(({ shape }) => shape)).toEqual([[32, 13, 13, 2], [3, 3, 2, 5], [5]]);
    for (const { values } of given) expect(values.every((value) => value !== 0)).toBe(true);
    // As many as are drawn before they are repeated, and no input's are another's.
    const [images, filters] = given.map(({ values }) => [...values]);
    expect(new Set(images).size).toBeGreaterThan(4000);
    expect(filters?.some((value) => images?.includes(value))).toBe(false);
  });

  test('fails of another computation', () => {
    const [convolution, sum] = fusionOf().calls as [Call, Call];
    const proofs = new FusionProofs(native);
    expect(proofs.isProven(withAttribute(fusionOf(), 'fused_ops', ['BiasAdd']))).toBe(false);
    expect(proofs.isProven(withAttribute(fusionOf(), 'padding', 'VALID'))).toBe(false);
    expect(proofs.isProven({ ...fusionOf(), calls: [convolution, sum] })).toBe(false);
    expect(graphs.length).toBe(3);
  });

  test.each([0, -1])('fails of one bit of number %i', (place) => {
    let reads = 0;
    native.binding.tensorDataSync = (id) => {
      const read = addon.tensorDataSync(id) as Float32Array;
      if (++reads < 2) return read;
      const bits = new Int32Array(read.slice().buffer);
      const at = place < 0 ? bits.length + place : place;
      bits[at] = (bits[at] as number) ^ 1;
      return new Float32Array(bits.buffer);
    };
    expect(new FusionProofs(native).isProven(fusionOf())).toBe(false);
    expect(reads).toBe(2);
  });

  test('fails where the library has no such operation', () => {
    const proofs = new FusionProofs(native);
    expect(proofs.isProven(withAttribute(fusionOf(), 'fused_ops', ['Nothing', 'Relu']))).toBe(false);
    const { fused: whole, ...others } = fusionOf();
    expect(proofs.isProven({ ...others, fused: { ...whole, operation: 'NoConvolution' } })).toBe(false);
  });
});

describe.runIf(present)('a function whose convolutions are fused', () => {
  const refusedBefore = refusedPrograms().length;

  /** A convolution, then two of its result that are added, one of them padded before. */
  const network = (x: tf.Tensor4D, [first, second, third]: tf.Tensor4D[], biases: tf.Tensor1D[]) => {
    const y = tf.relu(tf.add(tf.conv2d(x, first as tf.Tensor4D, 1, 'same'), biases[0] as tf.Tensor));
    const padded = tf.pad(y, [
      [0, 0],
      [1, 1],
      [1, 1],
      [0, 0],
    ]);
    const strided = tf.add(tf.conv2d(padded as tf.Tensor4D, second as tf.Tensor4D, 2, 'valid'), biases[1] as tf.Tensor);
    const short = tf.add(tf.conv2d(y as tf.Tensor4D, third as tf.Tensor4D, 2, 'same'), biases[2] as tf.Tensor);
    return tf.relu(tf.add(strided, short));
  };
  const weightsOf = (name: string) =>
    (
      [
        [3, 3, 3, 8],
        [3, 3, 8, 6],
        [1, 1, 8, 6],
      ] as const
    ).map((shape, i) => numbers(shape, name, 'weights', i) as tf.Tensor4D);
  const biasesOf = (name: string) => [8, 6, 6].map((size, i) => numbers([size], name, 'biases', i) as tf.Tensor1D);

  const logits: Computation = ([x, ...others]) => [
    network(x as tf.Tensor4D, others.slice(0, 3) as tf.Tensor4D[], others.slice(3) as tf.Tensor1D[]),
  ];
  const slopes: Computation = ([x, ...others]) => [
    tf.grad((input: tf.Tensor) => logits([input, ...others])[0]?.square() as tf.Tensor)(x as tf.Tensor),
  ];

  /** Five calls give the bits of the operations; what the graph that was loaded last computes. */
  function graphOf(computation: Computation, images: number): string[] {
    const programs = ownPrograms() as Programs;
    const [program, plain] = [programs.program(computation), operationwise.program(computation)];
    for (let call = 0; call < 5; call++) {
      tf.tidy(() => {
        const x = numbers([images, 8, 8, 3], 'images', images, call);
        const inputs = [x, ...weightsOf(`${call}`), ...biasesOf(`${call}`)];
        const [expected, found] = [plain, program].map((one) => one.run(inputs).map((result) => result.dataSync()));
        expect(found).toEqual(expected);
      });
    }
    program.dispose();
    expect(refusedPrograms().slice(refusedBefore)).toEqual([]);
    return (graphs.at(-1) as string[]).filter((operation) => !['Placeholder', 'Const'].includes(operation));
  }

  test.each([1, 9, 65])('gives the bits of its operations for %i images', (images) => {
    expect(graphOf(logits, images)).toEqual(['_FusedConv2D', '_FusedConv2D', '_FusedConv2D']);
  });

  test('and of its gradients', () => {
    const operations = graphOf(slopes, 4);
    expect(operations.filter((operation) => operation === '_FusedConv2D').length).toBe(3);
    expect(operations).toContain('ReluGrad');
    for (const other of ['Conv2D', 'PadV2', 'Relu']) expect(operations).not.toContain(other);
  });
});
