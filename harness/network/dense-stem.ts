/**
 * The dense layer that a network begins with, by the pixels that it reads: a copy of an image that differs in few of them
 * needs the products of these alone.
 */
import type { DenseParts, DenseStem } from '../contracts.ts';
import * as tf from '../tfjs.js';
import { EVALUATION } from './forward.ts';
import { type LayerGraph, type LayerNode, runGraph, valueIn } from './graph.ts';

/** Layers that hand an image's coordinates on as they lie in memory. */
const IN_ORDER: ReadonlySet<string> = new Set(['Dropout', 'Flatten', 'Reshape']);

/** Of a network's stem and what follows on it; undefined where the stem is not one dense layer over the whole image. */
export function denseStem(stem: LayerGraph, logitsOf: DenseStem['logitsOf']): DenseStem | undefined {
  const [input, ...layers] = stem.nodes as [LayerNode, ...LayerNode[]];
  const [dense, flat] = [layers.at(-1), layers.at(-2)];
  if (dense?.type !== 'Dense' || flat?.outputShape.length !== 1) return undefined;
  const inOrder = ({ type, config }: LayerNode) => IN_ORDER.has(type) && config.dataFormat !== 'channelsFirst';
  if (!layers.slice(0, -1).every(inOrder)) return undefined;
  const channels = input.outputShape.at(-1) ?? 1;
  return {
    outputs: (images) =>
      tf.tidy(() => tf.clone(valueIn(runGraph(stem, images, EVALUATION))(stem.output)) as tf.Tensor2D),
    parts: (sets) => denseParts(dense, sets, channels),
    logitsOf,
  };
}

function denseParts(dense: LayerNode, sets: readonly ArrayLike<number>[], channels: number): DenseParts {
  const length = Math.max(0, ...sets.map((set) => set.length));
  const ragged = sets.some((set) => set.length !== length);
  // A set that is shorter goes on with pixel 0, whose value counts as zero there.
  const pixels = new Int32Array(sets.length * length);
  const counts = new Float32Array(sets.length * length);
  for (const [at, set] of sets.entries()) {
    pixels.set(set, at * length);
    counts.fill(1, at * length, at * length + set.length);
  }
  const held = tf.tidy(() => {
    const kernel = dense.weights.kernel as tf.Tensor2D;
    const units = kernel.shape[1];
    const places = tf.tensor1d(pixels, 'int32');
    const ofPixels = tf.gather(kernel.reshape([-1, channels * units]), places);
    return {
      places,
      rows: ofPixels.reshape<tf.Tensor3D>([sets.length, length * channels, units]),
      counts: tf.tensor3d(counts, [1, counts.length, 1]),
    };
  });
  return {
    of: (images) =>
      tf.tidy(() => {
        const [n, height, width] = images.shape;
        const all = tf.gather(images.reshape([n, height * width, channels]), held.places, 1);
        const values = ragged ? tf.mul(all, held.counts) : all;
        const bySet = values.reshape([n, sets.length, length * channels]).transpose([1, 0, 2]);
        return tf.matMul<tf.Tensor3D>(bySet, held.rows);
      }),
    dispose: () => tf.dispose(held),
  };
}
