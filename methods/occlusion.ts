import { classLogit, defineMethod, tf } from 'attribench';
import { positiveInteger, sumOverSamples } from './support/samples.ts';

/** First rows (or columns) of the windows that cover 0 .. size - 1; the last window may stand over the edge. */
function starts(size: number, window: number, stride: number): number[] {
  return Array.from({ length: Math.max(1, Math.ceil((size - window) / stride) + 1) }, (_, i) => i * stride);
}

/**
 * Occlusion: the fall of logit_c when a window is set to `baseline`, averaged over the windows that cover a pixel;
 * [n, height, width, 1], in logits.
 *
 * Windows of `window` x `window` pixels and all channels, `stride` apart, cut at the lower and right edge, so that every
 * pixel is covered when stride <= window (captum's convention; a pixel that no window covers gets 0).
 */
export default defineMethod({
  id: 'occlusion',
  title: 'Occlusion',
  cite: 'Zeiler, Fergus, "Visualizing and Understanding Convolutional Networks", ECCV 2014, section 4.2',
  revision: 1,
  needs: ['logits'],
  parameters: { window: 4, stride: 2, baseline: 0 },
  rank: 'magnitude',
  axioms: ['sensitivity', 'linearity', 'implementation-invariance'],
  async attribute(request) {
    const { network, images, classes, parameters } = request;
    const window = positiveInteger('occlusion', 'window', parameters.window);
    const stride = positiveInteger('occlusion', 'stride', parameters.stride);
    const [n, height, width, channels] = images.shape;
    const pixels = height * width;
    const columns = starts(width, window, stride);
    const corners = starts(height, window, stride).flatMap((top) => columns.map((left) => [top, left] as const));
    const covered = new Float32Array(pixels);
    const intact = tf.tidy(() => classLogit(classes)(network.logits(images)));
    const map = await sumOverSamples(request, corners.length, (first, count) => {
      const inside = new Float32Array(count * pixels);
      corners.slice(first, first + count).forEach(([top, left], at) => {
        for (let y = top; y < Math.min(top + window, height); y++) {
          const from = y * width + left;
          const to = y * width + Math.min(left + window, width);
          inside.fill(1, at * pixels + from, at * pixels + to);
          for (let pixel = from; pixel < to; pixel++) covered[pixel] = (covered[pixel] ?? 0) + 1;
        }
      });
      const hidden = tf.tensor(inside, [count, 1, height, width, 1]);
      const kept = images.expandDims(0).mul(tf.sub(1, hidden)).add(hidden.mul(parameters.baseline));
      const occluded = kept.reshape<tf.Tensor4D>([count * n, height, width, channels]);
      const explained = classLogit(tf.tile(classes, [count]))(network.logits(occluded)).reshape([count, n]);
      const fall = tf.sub<tf.Tensor2D>(intact, explained);
      return tf
        .matMul(fall, hidden.reshape<tf.Tensor2D>([count, pixels]), true)
        .reshape<tf.Tensor4D>([n, height, width, 1]);
    }).finally(() => intact.dispose());
    const mean = tf.tidy(() => map.div<tf.Tensor4D>(tf.tensor(covered, [1, height, width, 1]).maximum(1)));
    map.dispose();
    return mean;
  },
});
