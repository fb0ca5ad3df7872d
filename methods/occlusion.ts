import { classLogit, defineMethod, type LogitsNetwork, tf } from 'attribench';
import { ANCONA_2018, BANSAL_2020, BY_DEFINITION, MEASURED_HERE } from './support/literature.ts';
import { PaintedCopies } from './support/painted-copies.ts';
import { positiveInteger, rowsFor, sumOverSamples } from './support/samples.ts';

/** First rows (or columns) of the windows that cover 0 .. size - 1; the last window may stand over the edge. */
function starts(size: number, window: number, stride: number): number[] {
  return Array.from({ length: Math.max(1, Math.ceil((size - window) / stride) + 1) }, (_, i) => i * stride);
}

interface OccludedRequest {
  readonly network: LogitsNetwork;
  readonly images: tf.Tensor4D;
  readonly classes: tf.Tensor1D;
}

interface WindowScores {
  /** Of the images as they are: [n, 1]. */
  intact(): tf.Tensor2D;
  /** Of the images with each window, a list of pixels, covered: [n, count]. */
  occluded(windows: readonly (readonly number[])[]): tf.Tensor2D;
  dispose(): void;
}

/** Logits of the explained class. Where the network begins with a dense layer, a window's part of its outputs is taken away. */
async function windowScores({ network, images, classes }: OccludedRequest, baseline: number): Promise<WindowScores> {
  const [n] = images.shape;
  const { denseStem, logits } = network;
  const chosen = (found: tf.Tensor2D, count: number) =>
    classLogit(tf.tile(classes, [count]))(found).reshape<tf.Tensor2D>([count, n]);
  if (denseStem === undefined) {
    const copies = await PaintedCopies.of(images, Math.max(n, rowsFor(network)));
    return {
      intact: () => tf.tidy(() => chosen(logits(images), 1)),
      occluded: (windows) => {
        for (const [at, window] of windows.entries()) {
          for (let image = 0; image < n; image++) {
            copies.copy(at * n + image, image);
            copies.replace(at * n + image, window, baseline);
          }
        }
        return chosen(logits(copies.tensor(windows.length * n)), windows.length);
      },
      dispose: () => {},
    };
  }
  const held = tf.tidy(() => ({ whole: denseStem.outputs(images), change: tf.sub<tf.Tensor4D>(images, baseline) }));
  return {
    intact: () => tf.tidy(() => chosen(denseStem.logitsOf(held.whole), 1)),
    occluded: (windows) => {
      const count = windows.length;
      const parts = denseStem.parts(windows);
      const lost = parts.of(held.change);
      parts.dispose();
      const outputs = tf.sub<tf.Tensor3D>(held.whole.expandDims(0), lost);
      return chosen(denseStem.logitsOf(outputs.reshape<tf.Tensor2D>([count * n, -1])), count);
    },
    dispose: () => tf.dispose(held),
  };
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
    const { images, parameters } = request;
    const size = positiveInteger('occlusion', 'window', parameters.window);
    const stride = positiveInteger('occlusion', 'stride', parameters.stride);
    const [n, height, width] = images.shape;
    const pixels = height * width;
    const columns = starts(width, size, stride);
    const corners = starts(height, size, stride).flatMap((top) => columns.map((left) => [top, left] as const));
    const covered = new Float32Array(pixels);
    const scores = await windowScores(request, parameters.baseline);
    const intact = scores.intact();
    const map = await sumOverSamples(request, corners.length, (first, count) => {
      const inside = new Float32Array(count * pixels);
      const windows = corners.slice(first, first + count).map(([top, left], at) => {
        const window: number[] = [];
        for (let y = top; y < Math.min(top + size, height); y++) {
          for (let x = left; x < Math.min(left + size, width); x++) window.push(y * width + x);
        }
        for (const pixel of window) {
          inside[at * pixels + pixel] = 1;
          covered[pixel] = (covered[pixel] ?? 0) + 1;
        }
        return window;
      });
      const hidden = tf.tensor2d(inside, [count, pixels]);
      const fall = tf.sub<tf.Tensor2D>(intact, scores.occluded(windows));
      return tf.matMul(fall, hidden, true).reshape<tf.Tensor4D>([n, height, width, 1]);
    }).finally(() => {
      intact.dispose();
      scores.dispose();
    });
    const mean = tf.tidy(() => map.div<tf.Tensor4D>(tf.tensor(covered, [1, height, width, 1]).maximum(1)));
    map.dispose();
    return mean;
  },
});
