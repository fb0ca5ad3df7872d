/**
 * The attribution step: one method's maps on a whole split (test or train), in the split's order.
 *
 * Images travel in batches of fixed boundaries; each has its own random stream, derived from its
 * index, so a map does not depend on its neighbours. The explained class is the predicted one, or one drawn
 * at random for each image.
 */
import type {
  ImageShape,
  Images,
  Json,
  Method,
  Need,
  Network,
  Parameters,
  Requirements,
  Split,
  Step,
} from '../../contracts.ts';
import { batchTensor, maskTensor } from '../../data/batches.ts';
import { NotApplicable } from '../../errors.ts';
import { encodeSafetensors } from '../../formats/safetensors.ts';
import type { BuiltNetwork } from '../../network/build.ts';
import { Stream } from '../../random.ts';
import * as tf from '../../tfjs.js';
import type { StepContext } from '../run-step.ts';
import type { Artifact } from '../store.ts';
import type { MapsMetadata, StepInputs } from './inputs.ts';

interface AttributionSettings {
  readonly weights: 'final' | 'initial';
  readonly split: 'train' | 'test';
  readonly batch: number;
  /** Names of the stream that draws the classes to explain; absent: the predicted ones. */
  readonly classes?: readonly Json[];
}

export async function runAttribution(step: Step, inputs: StepInputs, context: StepContext): Promise<Artifact> {
  const method = await inputs.plugin('method', 'method');
  const { weights, split, batch, classes: drawn } = step.parameters.step as unknown as AttributionSettings;
  const data = await inputs.dataset('data');
  const network = await inputs.network('weights', weights);
  refuseMissingNeeds(method, network);
  const auxiliary = await auxiliaryNetworks(method.requires, inputs);
  const { train } = data.splits;
  const attributed = data.splits[split];
  const [height, width, channels] = data.shape;
  const count = attributed.labels.length;
  const values = new Float32Array(count * height * width * channels);
  const classes = new Int32Array(count);
  const stream = new Stream(step.stream);
  const reference = referenceImages(method.requires, train, data.shape);
  try {
    for (let start = 0; start < count; start += batch) {
      context.signal.throwIfAborted();
      const indices = Array.from({ length: Math.min(batch, count - start) }, (_, i) => start + i);
      const images = batchTensor(attributed, data.shape, indices);
      const truth = truthMasks(method.requires, attributed, data.shape, indices);
      const explained =
        drawn === undefined ? predictedClasses(network, images) : drawnClasses(network, new Stream(drawn), indices);
      let map: tf.Tensor4D | undefined;
      try {
        map = await method.attribute({
          network: network.network as unknown as Network<Need>,
          images,
          classes: explained,
          streams: indices.map((image) => stream.derive(image)),
          bounds: data.bounds,
          parameters: (step.parameters.method ?? {}) as Parameters,
          reference: reference as never,
          truth: truth as never,
          auxiliary: auxiliary as never,
          signal: context.signal,
          progress: (share) => context.progress((start + share * indices.length) / count),
        });
        refuseWrongShape(method.id, map, images.shape);
        const full = tf.tidy(() => tf.broadcastTo(map as tf.Tensor4D, images.shape));
        const flat = await full.data();
        full.dispose();
        refuseNonFinite(method.id, flat);
        values.set(flat, start * height * width * channels);
        classes.set(await explained.data(), start);
      } finally {
        tf.dispose([images, explained, truth, map].filter((tensor) => tensor !== undefined));
      }
      context.progress((start + indices.length) / count);
    }
  } finally {
    reference?.dispose();
  }
  const metadata: MapsMetadata = { shape: data.shape, rank: method.rank, images: count };
  const maps = encodeSafetensors([
    { name: 'values', shape: [count, height, width, channels], data: values },
    { name: 'classes', shape: [count], data: classes },
  ]);
  return { outcome: { status: 'completed' }, metadata: metadata as unknown as Json, parts: { maps } };
}

function refuseMissingNeeds(method: Method, network: BuiltNetwork): void {
  const missing = method.needs.filter((need) => !network.capabilities.includes(need));
  if (missing.length > 0) {
    throw new NotApplicable(
      `${method.id} needs ${missing.join(' and ')}, and this model offers only ${network.capabilities.join(', ')}`,
    );
  }
}

async function auxiliaryNetworks(requires: Requirements, inputs: StepInputs) {
  const networks: Record<string, BuiltNetwork['network']> = {};
  for (const name of Object.keys(requires.auxiliary ?? {})) {
    networks[name] = (await inputs.network(`auxiliary-${name}`)).network;
  }
  return requires.auxiliary === undefined ? undefined : networks;
}

function predictedClasses({ network }: BuiltNetwork, images: tf.Tensor4D): tf.Tensor1D {
  return tf.tidy(() => tf.argMax(network.logits(images), 1).toInt() as tf.Tensor1D);
}

function drawnClasses({ network }: BuiltNetwork, stream: Stream, indices: readonly number[]): tf.Tensor1D {
  return tf.tensor1d(
    indices.map((image) => stream.derive(image).integer(network.classes)),
    'int32',
  );
}

function referenceImages(requires: Requirements, train: Split<Images>, shape: ImageShape) {
  if (requires.reference === undefined) return undefined;
  const count = Math.min(requires.reference, train.labels.length);
  return batchTensor(
    train,
    shape,
    Array.from({ length: count }, (_, i) => i),
  );
}

function truthMasks(requires: Requirements, split: Split<unknown>, shape: ImageShape, indices: readonly number[]) {
  return requires.truth === undefined ? undefined : maskTensor(split, shape, indices, 'signal');
}

function refuseWrongShape(id: string, map: unknown, expected: readonly number[]): void {
  if (!(map instanceof tf.Tensor)) {
    throw new Error(`[attribench] method ${id}: the map is ${typeof map}, expected a tensor [${expected}]`);
  }
  if (map.isDisposed) throw new Error(`[attribench] method ${id}: the map was disposed before it was returned`);
  const shape: readonly number[] = map.shape;
  const fits = shape.length === 4 && shape.every((size, i) => size === expected[i] || (i === 3 && size === 1));
  if (!fits) {
    throw new Error(`[attribench] method ${id}: map has shape [${shape}], expected [${expected}] or one channel of it`);
  }
}

function refuseNonFinite(id: string, values: Float32Array | Int32Array | Uint8Array): void {
  // A plain loop: findIndex takes several times as long.
  for (let i = 0; i < values.length; i++) {
    if (Number.isFinite(values[i])) continue;
    throw new Error(
      `[attribench] method ${id}: the map holds ${values[i]} at coordinate ${i}, expected finite numbers`,
    );
  }
}
