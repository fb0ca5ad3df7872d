/** The cross-entropy and its written-out gradient: against float64, and against what TensorFlow.js differentiates. */
import { beforeAll, describe, expect, it } from 'vitest';
import { loadEngine } from '../engine/index.ts';
import { enginesTested } from '../engine/testing/engines.ts';
import { stream } from '../random.ts';
import * as tf from '../tfjs.js';
import { crossEntropy } from './objectives.ts';

const IMAGES = 9;
const CLASSES = [1, 2, 3, 10];
/** Of the logits: from almost equal to far beyond what float32 tells from certain. */
const SCALES = [0.01, 1, 30, 300];

interface Problem {
  readonly classes: number;
  readonly logits: Float32Array;
  readonly labels: Int32Array;
}

const problems = CLASSES.flatMap((classes) =>
  SCALES.flatMap((scale) =>
    [false, true].map((whole): Problem & { name: string } => {
      const drawn = stream('objective', classes, scale).normals(IMAGES * classes);
      // Whole numbers make ties, of the highest logit too.
      const logits = drawn.map((value) => (whole ? Math.round(value * scale) : value * scale));
      const labels = Int32Array.from({ length: IMAGES }, (_, i) => (3 * i) % classes);
      return { name: `${classes} classes, scale ${scale}${whole ? ', ties' : ''}`, classes, logits, labels };
    }),
  ),
);

/** ln(1 + sum over others of exp(z_j - z_c)) and its gradient, in float64. */
function twin({ classes, logits, labels }: Problem) {
  const losses: number[] = [];
  const gradients: number[] = [];
  labels.forEach((label, image) => {
    const z = Array.from(logits.subarray(image * classes, (image + 1) * classes));
    const others = z.filter((_, c) => c !== label);
    const highest = Math.max(...z);
    const rest = others.reduce((sum, value) => sum + Math.exp(value - highest), 0);
    const whole = rest + Math.exp((z[label] ?? 0) - highest);
    const margin = highest + Math.log(rest) - (z[label] ?? 0);
    losses.push(others.length === 0 ? 0 : Math.max(margin, 0) + Math.log1p(Math.exp(-Math.abs(margin))));
    gradients.push(...z.map((value, c) => (c === label ? -rest / whole : Math.exp(value - highest) / whole)));
  });
  return { losses, gradients };
}

/** The same in operations that TensorFlow.js differentiates. */
function composed(labels: tf.Tensor1D) {
  return (logits: tf.Tensor2D) => {
    const classes = logits.shape[1];
    const chosen = tf.cast(tf.equal(tf.expandDims(labels, 1), tf.range(0, classes, 1, 'int32')), 'float32');
    const others = tf.logSumExp(tf.sub(logits, tf.mul(chosen, 1e30)), 1);
    return tf.softplus(tf.sub(others, tf.sum(tf.mul(logits, chosen), 1))) as tf.Tensor1D;
  };
}

/** Losses, and the gradient of their weighted sum. */
async function computed({ classes, logits, labels }: Problem, objective: typeof composed) {
  const z = tf.tensor2d(logits.slice(), [IMAGES, classes]);
  const chosen = tf.tensor1d(labels, 'int32');
  const slopes = tf.tensor1d(Float32Array.from({ length: IMAGES }, (_, i) => 1 + i));
  const losses = tf.tidy(() => objective(chosen)(z));
  const gradient = tf.grad((x) => objective(chosen)(x as tf.Tensor2D))(z, slopes);
  const found = { losses: (await losses.data()).slice(), gradient: (await gradient.data()).slice() };
  tf.dispose([z, chosen, slopes, losses, gradient]);
  return found;
}

describe.each((await enginesTested()).filter(({ present }) => present))(
  'cross-entropy on $name',
  ({ name: engine }) => {
    beforeAll(async () => {
      await loadEngine(engine);
    });

    it.each(problems)('equals its float64 twin: $name', async (problem) => {
      const before = tf.memory().numTensors;
      const { losses, gradient } = await computed(problem, crossEntropy as typeof composed);
      const expected = twin(problem);
      losses.forEach((loss, i) => {
        const wanted = expected.losses[i] ?? 0;
        expect(Math.abs(loss - wanted)).toBeLessThan(1e-6 * Math.max(1, wanted, ...problem.logits.map(Math.abs)));
      });
      const largest = Math.max(...problem.logits.map(Math.abs));
      gradient.forEach((slope, i) => {
        const image = Math.floor(i / problem.classes);
        const wanted = (expected.gradients[i] ?? 0) * (1 + image);
        // Logits of 300 hold five digits of the differences that probabilities are made of.
        expect(Math.abs(slope - wanted)).toBeLessThan(1e-6 * (1 + image) * Math.max(1, largest));
      });
      expect(tf.memory().numTensors).toBe(before);
    });

    it.each(problems)('gives the bits of the gradient that is not written out: $name', async (problem) => {
      expect(await computed(problem, crossEntropy as typeof composed)).toEqual(await computed(problem, composed));
    });

    it('is not differentiated twice', () => {
      tf.tidy(() => {
        const labels = tf.tensor1d([0, 1], 'int32');
        const z = tf.tensor2d([1, 2, 3, 4], [2, 2]);
        const slope = (x: tf.Tensor) => tf.sum(tf.square(tf.grad((y) => crossEntropy(labels)(y as tf.Tensor2D))(x)));
        expect(() => tf.grad(slope)(z)).toThrow('Cannot compute gradient');
      });
    });
  },
);
