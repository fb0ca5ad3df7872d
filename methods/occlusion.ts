import { classLogit, defineMethod, tf } from 'attribench';
import { ANCONA_2018, BANSAL_2020, BY_DEFINITION, MEASURED_HERE } from './support/literature.ts';
import { positiveInteger, sumOverSamples } from './support/samples.ts';

/** First rows (or columns) of the windows that cover 0 .. size - 1; the last window may stand over the edge. */
function starts(size: number, window: number, stride: number): number[] {
  return Array.from({ length: Math.max(1, Math.ceil((size - window) / stride) + 1) }, (_, i) => i * stride);
}

/** Occlusion: the fall of the logit when a window is covered, averaged over the windows that cover a pixel. */
export default defineMethod({
  id: 'occlusion',
  title: 'Occlusion',
  cite: 'Zeiler, Fergus, "Visualizing and Understanding Convolutional Networks", ECCV 2014, section 4.2',
  revision: 1,
  needs: ['logits'],
  parameters: { window: 4, stride: 2, baseline: 0 },
  rank: 'magnitude',
  axioms: ['sensitivity', 'linearity', 'implementation-invariance'],
  about: {
    family: 'black-box',
    formula: 'a = mean over windows that cover the pixel of f(x) - f(x with the window set to the baseline)',
    map: '[n, height, width, 1], in logits',
    text: `Windows span all channels and are cut at the lower and right edge, so that every pixel is covered when the stride
      is no larger than the window (captum's convention; a pixel that no window covers gets 0).`,
    parameters: {
      window: 'side of the square window, in pixels',
      stride: 'pixels from one window to the next',
      baseline: 'value of every covered coordinate',
    },
    failures: [
      {
        text: 'One window at a time misses what windows do together.',
        cite: ANCONA_2018,
        axiom: 'completeness',
      },
      {
        text: 'A pixel shares the falls of its windows, also where it does nothing itself.',
        cite: BY_DEFINITION,
        axiom: 'dummy',
      },
      { text: 'A zero baseline does not shift with the input.', cite: BY_DEFINITION, axiom: 'input-shift-invariance' },
      { text: 'The size of the window decides the map.', cite: BANSAL_2020 },
      {
        text: 'On networks of PGD Linf training, whose gradients turn to the digit, it still fails the criterion.',
        cite: MEASURED_HERE,
      },
    ],
  },
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
