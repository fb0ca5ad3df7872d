/**
 * A method under test: called as the harness calls it, on a network that holds what it declared and nothing else.
 */
import type { ImageShape, Method, Need, Network, Parameters } from '../../contracts.ts';
import { resolveParameters } from '../../define.ts';
import { stream } from '../../random.ts';
import * as tf from '../../tfjs.js';
import { type DenseNetwork, randomDense } from './dense.ts';
import { buildDense } from './networks.ts';

const FACTS = ['inputShape', 'classes'];
const LOGITS = [...FACTS, 'logits', 'denseStem'];
const GRADIENT = [...LOGITS, 'inputGradient', 'stem', 'stemGradient', 'stemTransposed'];
const LAYERS = [...GRADIENT, 'graph', 'activations', 'activationGradients', 'activationsAndGradients'];

/** The members of a network that each need grants, as contracts.ts has them. */
const GRANTED: { readonly [need in Need]: readonly string[] } = {
  logits: LOGITS,
  gradient: GRADIENT,
  layers: LAYERS,
  propagation: [...LAYERS, 'foldedGraph', 'propagate'],
  weights: [...LOGITS, 'weights'],
};

/** The network with the members that `needs` grant; reading another one throws a sentence that names it. */
export function restrict(network: Network<Need>, needs: readonly Need[]): Network<Need> {
  const granted = new Set(needs.flatMap((need) => GRANTED[need]));
  return new Proxy(network, {
    get(target, member) {
      if (typeof member === 'string' && member in target && !granted.has(member)) {
        throw new Error(`[attribench] network.${member} was used, but needs is [${needs.join(', ')}]`);
      }
      return Reflect.get(target, member, target);
    },
  });
}

/** One call of `attribute`. */
export interface Call {
  readonly network: Network<Need>;
  /** Image values in row-major order, one list an image. */
  readonly images: readonly (readonly number[])[];
  readonly classes: readonly number[];
  /** Index of the first image: its stream follows from it. */
  readonly first?: number;
  readonly signal?: AbortSignal;
  readonly progress?: (share: number) => void;
  /** Stands around the method's own call, with the tensor of images that it is given. */
  readonly around?: (attribute: () => Promise<tf.Tensor4D>, images: tf.Tensor4D) => Promise<tf.Tensor4D>;
}

/** What an axiom asks of a method: maps of images, broadcast to the images' channels, one list an image. */
export interface Subject {
  readonly method: Method;
  readonly parameters: Parameters;
  attribute(call: Call): Promise<number[][]>;
}

/** Maps on the network of these layers, which lives as long as the call. */
export async function explainDense(
  { attribute }: Subject,
  shape: ImageShape,
  layers: DenseNetwork,
  images: Call['images'],
  classes: Call['classes'],
): Promise<number[][]> {
  const built = buildDense(shape, layers);
  try {
    return await attribute({ network: built.network, images, classes });
  } finally {
    built.dispose();
  }
}

/** The method with its parameters resolved. */
export function subject(method: Method, overrides: Parameters = {}): Subject {
  const parameters = resolveParameters(method, overrides);
  return { method, parameters, attribute: (call) => attribute(method, parameters, call) };
}

async function attribute(method: Method, parameters: Parameters, call: Call): Promise<number[][]> {
  const { images, classes, first = 0, signal = new AbortController().signal } = call;
  const shape = call.network.inputShape;
  const input = batch(images, shape);
  const explained = tf.tensor1d([...classes], 'int32');
  const extras = requirements(method, call);
  let map: tf.Tensor4D | undefined;
  try {
    const invoke = async () =>
      method.attribute({
        network: restrict(call.network, method.needs),
        images: input,
        classes: explained,
        streams: images.map((_, i) => stream('conformance', 'attribution', first + i)),
        bounds: { low: 0, high: 1 },
        parameters,
        ...extras.given,
        signal,
        progress: call.progress ?? (() => {}),
      });
    map = await (call.around ?? ((run) => run()))(invoke, input);
    refuseWrongMap(method, map, input.shape);
    const full = tf.broadcastTo(map, input.shape);
    const values = Array.from(await full.data());
    full.dispose();
    const size = values.length / images.length;
    return images.map((_, i) => values.slice(i * size, (i + 1) * size));
  } finally {
    map?.dispose();
    input.dispose();
    explained.dispose();
    extras.dispose();
  }
}

function refuseWrongMap({ id }: Method, map: tf.Tensor, images: readonly number[]): void {
  const fits =
    map.shape.length === 4 && map.shape.every((size, axis) => size === images[axis] || (axis === 3 && size === 1));
  if (!fits || map.dtype !== 'float32') {
    throw new Error(
      `[attribench] method "${id}": the map is ${map.dtype} [${map.shape}], expected float32 [${images}] or one channel of it`,
    );
  }
}

/** A tensor [n, height, width, channels] of lists of values. */
export function batch(images: readonly (readonly number[])[], shape: ImageShape): tf.Tensor4D {
  return tf.tensor4d(Float32Array.from(images.flat()), [images.length, ...shape]);
}

/** Training images as a method with `requires.reference` is given them; undefined for any other. */
export function referenceImages({ requires }: Method, [height, width, channels]: ImageShape): number[][] | undefined {
  if (requires.reference === undefined) return undefined;
  const numbers = stream('conformance', 'reference');
  return Array.from({ length: requires.reference }, () => Array.from(numbers.uniforms(height * width * channels)));
}

/** What the method declared in `requires`, and a way to free it. */
function requirements(method: Method, { network, images, first = 0 }: Call) {
  const { inputShape: shape, classes } = network;
  const [height, width, channels] = shape;
  const numbers = stream('conformance', 'requirements');
  const references = referenceImages(method, shape);
  const reference = references === undefined ? undefined : batch(references, shape);
  const masks = images.map((_, i) => {
    const pixels = stream('conformance', 'truth', first + i);
    return Array.from({ length: height * width }, () => pixels.integer(2));
  });
  const truth = method.requires.truth === undefined ? undefined : batch(masks, [height, width, 1]);
  const built = Object.keys(method.requires.auxiliary ?? {}).map((name) => {
    const layer = randomDense(numbers, height * width * channels, classes);
    return { name, network: buildDense(shape, [layer]) };
  });
  const auxiliary = Object.fromEntries(built.map(({ name, network }) => [name, network.network]));
  // A method of unknown requirements has the type of one without any.
  const given = { reference, truth, auxiliary } as object as {
    reference: undefined;
    truth: undefined;
    auxiliary: undefined;
  };
  return {
    given,
    dispose: () => {
      reference?.dispose();
      truth?.dispose();
      for (const { network } of built) network.dispose();
    },
  };
}
