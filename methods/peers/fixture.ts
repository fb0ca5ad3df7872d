/**
 * A fixture of regenerate.py: the same network, images and classes as a peer saw, and the peer's maps.
 */
import { readFileSync } from 'node:fs';
import { defineModel, type Method, type Model, type Parameters, Stream, tf } from 'attribench';
import { resolveParameters } from '../../harness/define.ts';
import { decodeSafetensors } from '../../harness/formats/safetensors.ts';
import { buildNetwork } from '../../harness/network/build.ts';
import { makeWeights } from '../../harness/network/weights.ts';

const CLASSES = 4;
const none = { kernelInitializer: 'zeros', biasInitializer: 'zeros' } as const;

export type FixtureName = 'dense' | 'convolutional';

export interface Values {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

export interface Fixture {
  /** The peer's maps [n, h, w, c] by '<peer>/<name>'. */
  map(name: string): Values;
  readonly mapNames: readonly string[];
  /** The peer's logits [n, classes], and ours. */
  readonly logits: { readonly theirs: Values; readonly ours: () => Promise<Values> };
  readonly classes: readonly number[];
  /** Our maps, of whatever shape they have. */
  attribute(method: Method, parameters?: Parameters, options?: { readonly unbiased?: boolean }): Promise<Values>;
  dispose(): void;
}

const MODELS: { readonly [name in FixtureName]: Model } = {
  dense: model(({ input }) => {
    const hidden = (name: string, units: number, from: tf.SymbolicTensor) =>
      relu(name, dense(`hidden-${name}`, units, from));
    const flat = through(tf.layers.flatten({ name: 'flatten' }), input);
    return dense('logits', CLASSES, hidden('2', 12, hidden('1', 16, flat)));
  }),
  convolutional: model(({ input }) => {
    const conv = (name: string, filters: number, from: tf.SymbolicTensor) =>
      through(tf.layers.conv2d({ name, filters, kernelSize: 3, padding: 'same', ...none }), from);
    const norm = (name: string, from: tf.SymbolicTensor) =>
      through(tf.layers.batchNormalization({ name: `norm-${name}`, epsilon: 1e-3 }), from);
    const stem = relu('1', norm('1', conv('conv-1', 6, input)));
    const pooled = through(tf.layers.maxPooling2d({ name: 'max', poolSize: 2 }), stem);
    const branch = relu('2', norm('2', conv('conv-2', 6, pooled)));
    const depthwise = tf.layers.depthwiseConv2d({
      name: 'depthwise',
      kernelSize: 3,
      padding: 'same',
      depthwiseInitializer: 'zeros',
      biasInitializer: 'zeros',
    });
    const sum = through(tf.layers.add({ name: 'add' }), pooled, norm('3', through(depthwise, branch)));
    const average = through(tf.layers.averagePooling2d({ name: 'average', poolSize: 2 }), relu('3', sum));
    const padded = through(tf.layers.zeroPadding2d({ name: 'pad', padding: 1 }), average);
    const strided = through(
      tf.layers.conv2d({ name: 'strided', filters: 8, kernelSize: 3, strides: 2, ...none }),
      padded,
    );
    return dense('logits', CLASSES, through(tf.layers.flatten({ name: 'flatten' }), relu('4', strided)));
  }),
};

function model(build: (from: { input: tf.SymbolicTensor }) => tf.SymbolicTensor): Model {
  return defineModel({
    id: 'peer',
    title: 'Peer',
    cite: 'methods/peers/regenerate.py',
    revision: 1,
    build: ({ inputShape }) => {
      const input = tf.input({ shape: [...inputShape], name: 'image' });
      return tf.model({ inputs: input, outputs: build({ input }) });
    },
  });
}

function through(layer: tf.layers.Layer, ...inputs: tf.SymbolicTensor[]): tf.SymbolicTensor {
  return layer.apply(inputs.length === 1 ? (inputs[0] as tf.SymbolicTensor) : inputs) as tf.SymbolicTensor;
}
function dense(name: string, units: number, from: tf.SymbolicTensor): tf.SymbolicTensor {
  return through(tf.layers.dense({ name, units, ...none }), from);
}
function relu(name: string, from: tf.SymbolicTensor): tf.SymbolicTensor {
  return through(tf.layers.reLU({ name: `relu-${name}` }), from);
}

/** Reads a fixture and builds its network on the engine in use. */
export function readFixture(name: FixtureName): Fixture {
  const { entries, metadata } = decodeSafetensors(
    readFileSync(new URL(`fixtures/${name}.safetensors`, import.meta.url)),
  );
  const named = new Map(entries.map((entry) => [entry.name, entry]));
  const values = (key: string): Values => {
    const entry = named.get(key);
    if (!(entry?.data instanceof Float32Array)) throw new Error(`[attribench] fixture "${name}" has no "${key}"`);
    return { shape: entry.shape, data: entry.data };
  };
  const images = values('images');
  const classes = Array.from(named.get('classes')?.data ?? []);
  const { bounds }: { bounds: [number, number] } = JSON.parse(metadata.fixture ?? '{}');
  const [low, high] = bounds;
  const inputShape = images.shape.slice(1) as [number, number, number];
  const build = (unbiased: boolean) => {
    const weights = entries
      .filter((entry) => entry.name.startsWith('weights/'))
      .map((entry) => {
        const short = entry.name.slice('weights/'.length);
        const data = values(entry.name).data;
        return { name: short, shape: entry.shape, data: unbiased && short.endsWith('bias') ? data.map(() => 0) : data };
      });
    return buildNetwork(MODELS[name], { inputShape, classes: CLASSES, parameters: {} }, makeWeights(weights));
  };
  const built = build(false);
  const noise = values('noise');
  return {
    map: (key) => values(`maps/${key}`),
    mapNames: entries.filter((entry) => entry.name.startsWith('maps/')).map((entry) => entry.name.slice(5)),
    logits: {
      theirs: values('logits'),
      ours: async () => {
        const logits = tf.tidy(() => built.network.logits(tensorOf(images)));
        const result = { shape: logits.shape, data: await logits.data<'float32'>() };
        logits.dispose();
        return result;
      },
    },
    classes,
    dispose: built.dispose,
    async attribute(method, parameters = {}, { unbiased = false } = {}) {
      const subject = unbiased ? build(true) : built;
      const input = tensorOf(images);
      const reference = tensorOf(values('references'));
      const explained = tf.tensor1d(classes, 'int32');
      try {
        const map = await method.attribute({
          network: subject.network,
          images: input,
          classes: explained,
          streams: classes.map((_, i) => new Replayed(noise, i)),
          bounds: { low, high },
          parameters: resolveParameters(method, parameters),
          // A method of unknown requirements has the type of one without any.
          ...({ reference } as object as { reference: undefined }),
          truth: undefined,
          auxiliary: undefined,
          signal: new AbortController().signal,
          progress: () => {},
        });
        const result = { shape: map.shape, data: (await map.data<'float32'>()).slice() };
        map.dispose();
        return result;
      } finally {
        tf.dispose([input, reference, explained]);
        if (unbiased) subject.dispose();
      }
    },
  };
}

const tensorOf = ({ data, shape }: Values): tf.Tensor4D => tf.tensor4d(data, shape as [number, number, number, number]);

/** A stream whose normals are the fixture's noise [samples, n, ...] of one image, sample by sample. */
class Replayed extends Stream {
  readonly #noise: Values;
  readonly #image: number;
  #sample = 0;

  constructor(noise: Values, image: number) {
    super(['replayed', image]);
    this.#noise = noise;
    this.#image = image;
  }

  override normals(count: number, values: Float32Array = new Float32Array(count)): Float32Array {
    const [, images = 0] = this.#noise.shape;
    const from = (this.#sample++ * images + this.#image) * count;
    values.set(this.#noise.data.subarray(from, from + count));
    return values;
  }
}
