/** What a network computes as whole graphs is what its operations one by one compute, to the bit; and graphs are what it uses. */
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Model, Need, Network } from '../contracts.ts';
import { defineModel } from '../define.ts';
import { loadEngine } from '../engine/index.ts';
import { type NativeOperations, writableCopy } from '../engine/native/operations.ts';
import { refusedPrograms } from '../engine/native/programs/index.ts';
import { enginesTested } from '../engine/testing/engines.ts';
import { stream } from '../random.ts';
import * as tf from '../tfjs.js';
import { initialise } from '../training/initialisation.ts';
import { buildNetwork } from './build.ts';
import { classLogit } from './objectives.ts';
import { gradientRule } from './rules.ts';

const present = (await enginesTested()).some(({ name, present }) => name === 'tensorflow' && present);

const SHAPE = [6, 6, 2] as const;
const CLASSES = 3;

/** Convolutions with normalisations, one of them on a branch that is added. */
const model = defineModel({
  id: 'branching',
  title: 'Branching',
  cite: 'none',
  revision: 1,
  build: () => {
    const input = tf.input({ shape: [...SHAPE], name: 'image' });
    const through = (x: tf.SymbolicTensor, ...layers: tf.layers.Layer[]) =>
      layers.reduce((value, layer) => layer.apply(value) as tf.SymbolicTensor, x);
    const convolution = (name: string) =>
      tf.layers.conv2d({ name, filters: 5, kernelSize: 3, padding: 'same', useBias: false });
    const relu = (name: string) => tf.layers.activation({ name, activation: 'relu' });
    const first = through(
      input,
      convolution('conv-1'),
      tf.layers.batchNormalization({ name: 'norm-1' }),
      relu('relu-1'),
    );
    const second = through(first, convolution('conv-2'), tf.layers.batchNormalization({ name: 'norm-2' }));
    const joined = through(tf.layers.add({ name: 'sum' }).apply([first, second]) as tf.SymbolicTensor, relu('relu-2'));
    const dense = tf.layers.dense({ name: 'logits', units: CLASSES });
    const outputs = through(joined, tf.layers.globalAveragePooling2d({ name: 'mean' }), dense);
    return tf.model({ inputs: input, outputs });
  },
});

const mlp = defineModel({
  id: 'mlp',
  title: 'MLP',
  cite: 'none',
  revision: 1,
  build: () => {
    const input = tf.input({ shape: [...SHAPE], name: 'image' });
    const layers = [
      tf.layers.flatten({ name: 'flat' }),
      tf.layers.dense({ name: 'hidden', units: 9, activation: 'relu' }),
      tf.layers.dense({ name: 'logits', units: CLASSES }),
    ];
    const outputs = layers.reduce((value, layer) => layer.apply(value) as tf.SymbolicTensor, input);
    return tf.model({ inputs: input, outputs });
  },
});

const NODES = ['image', 'relu-1', 'sum', 'norm-2', 'sum'];
/** One assignment, so that it is known again. */
const rules = () => gradientRule;

type Walk = (network: Network<Need>, images: tf.Tensor4D, classes: tf.Tensor1D) => readonly tf.Tensor[];

const WALKS: { readonly [name: string]: Walk } = {
  logits: (network, images) => [network.logits(images)],
  'input gradient': (network, images, classes) => [network.inputGradient(images, classLogit(classes))],
  'stem gradient': (network, images, classes) => {
    const values = network.stem(images);
    return [network.stemGradient(values, classLogit(classes))];
  },
  activations: (network, images) => network.activations(images, NODES),
  'activation gradients': (network, images, classes) => network.activationGradients(images, NODES, classLogit(classes)),
  'activations and gradients': (network, images, classes) => {
    const { activations, gradients } = network.activationsAndGradients(images, NODES, classLogit(classes));
    return [...activations, ...gradients];
  },
  'a walk by rules': (network, images) => [network.propagate(images, (logits) => tf.square(logits), rules)],
};

const behindStem: Walk = ({ denseStem }, images) => {
  if (denseStem === undefined) throw new Error('no dense stem');
  return [denseStem.logitsOf(denseStem.outputs(images))];
};

/** What a walk gives for images of each call, and how many graphs each call ran. */
function walked(
  walk: Walk,
  of: Model = model,
): { readonly values: number[][][]; readonly graphs: number[]; readonly leaked: number } {
  const native = tf.backend() as unknown as NativeOperations;
  const addon = native.binding;
  let runs = 0;
  native.binding = {
    ...writableCopy(addon),
    runSavedModel: (...given) => {
      runs++;
      return addon.runSavedModel(...given);
    },
  };
  const architecture = { inputShape: SHAPE, classes: CLASSES, parameters: {} };
  const built = buildNetwork(of, architecture, initialise(of, architecture, stream('network', 'graphs')));
  const tensors = tf.memory().numTensors;
  const graphs: number[] = [];
  try {
    const values = [0, 1, 2, 3, 4].map((call) => {
      const before = runs;
      const found = tf.tidy(() => {
        const images = tf.tensor4d(stream('network', 'graphs', call).normals(3 * 72), [3, ...SHAPE]);
        const classes = tf.tensor1d([call % 3, 1, 2], 'int32');
        return walk(built.network, images, classes).map((tensor) => [...tensor.dataSync()]);
      });
      graphs.push(runs - before);
      return found;
    });
    return { values, graphs, leaked: tf.memory().numTensors - tensors };
  } finally {
    native.binding = addon;
    built.dispose();
  }
}

afterEach(() => {
  vi.unstubAllEnvs();
});

describe.runIf(present)('on native TensorFlow', () => {
  beforeAll(async () => {
    await loadEngine('tensorflow');
  });

  test.each([
    ...Object.entries(WALKS).map(([name, walk]) => [name, walk, model] as const),
    ['logits of outputs of a dense stem', behindStem, mlp] as const,
  ])('%s', (_, walk, of) => {
    const refused = refusedPrograms().length;
    const graphs = walked(walk, of);
    vi.stubEnv('ATTRIBENCH_GRAPHS', 'off');
    const operations = walked(walk, of);
    expect(graphs.values).toEqual(operations.values);
    expect(operations.graphs).toEqual([0, 0, 0, 0, 0]);
    expect(graphs.graphs.slice(3).every((runs) => runs > 0)).toBe(true);
    expect(refusedPrograms().slice(refused)).toEqual([]);
    expect([graphs.leaked, operations.leaked]).toEqual([0, 0]);
  });
});
