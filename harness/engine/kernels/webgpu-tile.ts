/** Tile on WebGPU for five axes and more, which the stock kernel reads back to repeat on the CPU. */
import * as tf from '../../tfjs.js';
import { replaceKernel } from './replace.ts';

/** The stock kernel's limit. */
const RANK = 4;

export function registerTile(): void {
  const stock = tf.getKernel(tf.Tile, 'webgpu').kernelFunc;
  const tile = (x: tf.Tensor, reps: number[]): tf.Tensor => {
    const info = stock({ inputs: { x }, attrs: { reps }, backend: tf.backend() });
    return tf.engine().makeTensorFromTensorInfo(info as tf.TensorInfo);
  };
  replaceKernel<{ x: tf.Tensor }, tf.TileAttrs>('webgpu', tf.Tile, ({ x }, { reps }) => {
    if (x.rank <= RANK) return tile(x, reps);
    let tiled = x;
    // Axis by axis, as the middle one of three.
    for (const [axis, count] of reps.entries()) {
      if (count === 1) continue;
      const shape = [...tiled.shape];
      const before = tf.util.sizeFromShape(shape.slice(0, axis));
      const whole = tile(tf.reshape(tiled, [before, 1, tiled.size / before]), [1, count, 1]);
      shape[axis] = (shape[axis] ?? 1) * count;
      tiled = tf.reshape(whole, shape);
    }
    return tiled;
  });
}
