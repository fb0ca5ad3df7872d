/**
 * Gradients at noisy copies of images, summed: what SmoothGrad and its kin share.
 */
import { classLogit, type GradientNetwork, type Objective, type Stream, tf } from 'attribench';
import { type Batch, sumOverSamples, weightedSum } from './samples.ts';

/** The defaults of methods over noisy copies, and what they mean. */
export const NOISE = { samples: 25, sigma: 0.1 };
export const NOISE_ABOUT = {
  samples: 'noisy copies of the image',
  sigma: "standard deviation of the noise, as a share of the image's own range",
};

interface NoiseSettings {
  readonly samples: number;
  readonly sigma: number;
}

/** The part of an attribution request that noisy gradients need. */
export interface NoisyRequest extends Batch {
  readonly network: GradientNetwork;
  readonly classes: tf.Tensor1D;
  readonly streams: readonly Stream[];
}

/** Mean over noisy copies of d logit_c / dx: [n, height, width, channels]; noise as in meanOverNoise. */
export async function meanGradientOverNoise(request: NoisyRequest, settings: NoiseSettings): Promise<tf.Tensor4D> {
  const { network } = request;
  const mean = await meanOverCopies(request, settings, (noisy, objective) =>
    network.stemGradient(network.stem(noisy), objective),
  );
  const map = network.stemTransposed(mean);
  mean.dispose();
  return map;
}

/**
 * Mean over samples of `moment`(d logit_c / dx at x + noise): [n, height, width, channels].
 *
 * Noise is normal with standard deviation `sigma` times the image's own range (largest less smallest
 * value), not clipped. Image i draws from streams[i] alone, sample by sample.
 */
export function meanOverNoise(
  request: NoisyRequest,
  settings: NoiseSettings,
  moment: (gradients: tf.Tensor4D) => tf.Tensor4D,
): Promise<tf.Tensor4D> {
  return meanOverCopies(request, settings, (noisy, objective) =>
    moment(request.network.inputGradient(noisy, objective)),
  );
}

/**
 * Variance over samples of d logit_c / dx at x + noise, divided by their number: [n, height, width, channels], never
 * negative; noise as in meanOverNoise.
 *
 * Both moments are taken about the gradient at the first copy: the difference of raw ones would drown a small variance in
 * rounding.
 */
export async function varianceOverNoise(request: NoisyRequest, settings: NoiseSettings): Promise<tf.Tensor4D> {
  const { images, network } = request;
  let centre: tf.Tensor4D | undefined;
  try {
    const moments = await meanOverCopies<tf.Tensor, tf.Tensor>(
      request,
      settings,
      (noisy, objective) => network.inputGradient(noisy, objective),
      (gradients, weights) => {
        centre ??= tf.keep(tf.slice(gradients as tf.Tensor4D, 0, images.shape[0]));
        const copies = tf.reshape(gradients, [weights.length, ...images.shape]);
        const deviations = tf.reshape(tf.sub(copies, centre), gradients.shape);
        return tf.stack([deviations, tf.square(deviations)].map((values) => weightedSum(values, weights)));
      },
    );
    const variance = tf.tidy(() => {
      const [mean, square] = tf.unstack(moments) as [tf.Tensor4D, tf.Tensor4D];
      return tf.relu<tf.Tensor4D>(tf.sub(square, tf.square(mean)));
    });
    moments.dispose();
    return variance;
  } finally {
    centre?.dispose();
  }
}

/** The mean over samples of `values`, [count n, ...] of noisy copies, as `sum` adds them up. */
function meanOverCopies<T extends tf.Tensor, S extends tf.Tensor = T>(
  request: NoisyRequest,
  { samples, sigma }: NoiseSettings,
  values: (noisy: tf.Tensor4D, objective: Objective) => T,
  sum: (ofCopies: T, weights: Float32Array) => S = weightedSum as never,
): Promise<S> {
  const { images, classes, streams } = request;
  const [n, ...shape] = images.shape;
  const size = shape[0] * shape[1] * shape[2];
  const { once, range } = tf.tidy(() => {
    const axes = [1, 2, 3];
    const widths = tf.sub(tf.max(images, axes, true), tf.min(images, axes, true)).mul(sigma);
    return { once: images.expandDims(0), range: widths.expandDims(0) };
  });
  // One for all full blocks: less work for the garbage collector.
  let normals = new Float32Array();
  return sumOverSamples(request, samples, (_, count) => {
    if (normals.length !== count * n * size) normals = new Float32Array(count * n * size);
    for (let row = 0; row < count * n; row++) {
      const stream = streams[row % n];
      if (stream === undefined) throw new RangeError(`[attribench] ${streams.length} streams for ${n} images`);
      stream.normals(size, normals.subarray(row * size, (row + 1) * size));
    }
    const noise = tf.mul(tf.tensor(normals, [count, n, ...shape]), range);
    const noisy = tf.add(once, noise).reshape<tf.Tensor4D>([count * n, ...shape]);
    const ofCopies = values(noisy, classLogit(tf.tile(classes, [count])));
    return sum(ofCopies, new Float32Array(count).fill(1 / samples));
  }).finally(() => tf.dispose([once, range]));
}
