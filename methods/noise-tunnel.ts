import { setImmediate } from 'node:timers/promises';
import {
  type AttributionRequest,
  defineMethod,
  type Method,
  type Need,
  type Parameters,
  type Requirements,
  resolveParameters,
  tf,
  UsageError,
} from 'attribench';
import blurIntegratedGradients from './blur-integrated-gradients.ts';
import expectedGradients from './expected-gradients.ts';
import guidedIntegratedGradients from './guided-integrated-gradients.ts';
import inputGradient from './input-gradient.ts';
import inputXGradient from './input-x-gradient.ts';
import integratedGradients from './integrated-gradients.ts';
import lossGradient from './loss-gradient.ts';
import occlusion from './occlusion.ts';
import signedInputGradient from './signed-input-gradient.ts';
import signedLossGradient from './signed-loss-gradient.ts';
import { positiveInteger } from './support/samples.ts';

interface Noise {
  readonly samples: number;
  readonly sigma: number;
  readonly statistic: string;
}

/** Sums over copies k = 1, 2, ... that a statistic keeps, from the sums so far (none at first) and the next map. */
type Sums = readonly tf.Tensor4D[];
interface Statistic {
  add(sums: Sums, map: tf.Tensor4D, k: number): tf.Tensor4D[];
  result(sums: Sums, samples: number): tf.Tensor4D;
}

const total = (sum: tf.Tensor4D | undefined, term: tf.Tensor4D) => (sum === undefined ? term.clone() : sum.add(term));
const average = ([sum]: Sums, samples: number) => tf.div<tf.Tensor4D>(sum as tf.Tensor4D, samples);

const STATISTICS: { readonly [name: string]: Statistic } = {
  mean: { add: ([sum], map) => [total(sum, map) as tf.Tensor4D], result: average },
  square: { add: ([sum], map) => [total(sum, tf.square(map)) as tf.Tensor4D], result: average },
  // Welford's recursion: the difference of raw moments would drown a small variance in rounding.
  variance: {
    add: ([mean, squares], map, k) => {
      if (mean === undefined || squares === undefined) return [map.clone(), tf.zerosLike(map)];
      const away = tf.sub(map, mean);
      const moved = tf.add<tf.Tensor4D>(mean, tf.div(away, k));
      return [moved, tf.add(squares, tf.mul(away, tf.sub(map, moved)))];
    },
    result: ([, squares], samples) => average([squares as tf.Tensor4D], samples),
  },
};

/**
 * A statistic over `samples` of the maps that `attribute` makes of x + e, one noisy copy of the whole batch at a time.
 *
 * Noise as in smooth-grad: normal, `sigma` times the image's own range, drawn from the image's stream. The inner
 * method gets streams derived from it, and everything else of the request as it is.
 */
export async function overNoise<N extends Need, P extends Parameters, R extends Requirements>(
  attribute: (request: AttributionRequest<N, P, R>) => tf.Tensor4D | Promise<tf.Tensor4D>,
  request: AttributionRequest<N, P, R>,
  { samples, sigma, statistic: name }: Noise,
): Promise<tf.Tensor4D> {
  const { images, streams, signal } = request;
  const statistic = STATISTICS[name];
  if (statistic === undefined) {
    throw new UsageError(
      `[attribench] statistic over noise is ${JSON.stringify(name)}, expected one of: ${Object.keys(STATISTICS).join(', ')}`,
    );
  }
  const size = images.size / images.shape[0];
  let sums: Sums = [];
  try {
    for (let sample = 0; sample < samples; sample++) {
      signal.throwIfAborted();
      const noisy = tf.tidy(() => {
        const range = tf.sub(tf.max(images, [1, 2, 3], true), tf.min(images, [1, 2, 3], true)).mul(sigma);
        const noise = new Float32Array(images.size);
        for (const [i, stream] of streams.entries()) noise.set(stream.normals(size), i * size);
        return tf.add<tf.Tensor4D>(images, tf.mul(tf.tensor(noise, images.shape), range));
      });
      const copies = streams.map((stream) => stream.derive('copy', sample));
      const progress = (share: number) => request.progress((sample + share) / samples);
      const map = await Promise.resolve(attribute({ ...request, images: noisy, streams: copies, progress })).finally(
        () => noisy.dispose(),
      );
      const before = sums;
      sums = tf.tidy(() => statistic.add(before, map, sample + 1));
      tf.dispose([...before, map]);
      request.progress((sample + 1) / samples);
      await setImmediate();
    }
    return tf.tidy(() => statistic.result(sums, samples));
  } finally {
    tf.dispose([...sums]);
  }
}

/** What the noise tunnel gives on to an inner method: it has reference images for those that want some. */
type Request = AttributionRequest<'gradient', Parameters, { readonly reference: number }>;
type Inner = (request: Request, settings: Parameters) => tf.Tensor4D | Promise<tf.Tensor4D>;

function inner<N extends 'logits' | 'gradient', P extends Parameters, R extends { readonly reference?: number }>(
  method: Method<N, P, R>,
): [id: string, Inner] {
  const attribute: Inner = (request, settings) => {
    const parameters = resolveParameters(method, settings) as P;
    return method.attribute({ ...request, parameters } as unknown as AttributionRequest<N, P, R>);
  };
  return [method.id, attribute];
}

const METHODS: ReadonlyMap<string, Inner> = new Map([
  inner(inputGradient),
  inner(signedInputGradient),
  inner(lossGradient),
  inner(signedLossGradient),
  inner(inputXGradient),
  inner(integratedGradients),
  inner(expectedGradients),
  inner(guidedIntegratedGradients),
  inner(blurIntegratedGradients),
  inner(occlusion),
]);

/**
 * Noise tunnel: a statistic over `samples` of the maps of x + e by another method; shape of the images.
 *
 * `method` is that method, with `settings` in place of its own defaults; `statistic` is 'mean', 'square' (mean of squares)
 * or 'variance', as in captum. Over the input gradient they are smooth-grad, smooth-grad-squared and var-grad.
 */
export default defineMethod({
  id: 'noise-tunnel',
  title: 'Noise tunnel over input x gradient',
  cite: 'Smilkov, Thorat, Kim, Viégas, Wattenberg, "SmoothGrad: removing noise by adding noise", arXiv 1706.03825, 2017, section 3; composition after captum',
  revision: 2,
  needs: ['gradient'],
  requires: { reference: 100 },
  parameters: { samples: 25, sigma: 0.1, statistic: 'mean', method: 'input-x-gradient', settings: {} as Parameters },
  rank: 'magnitude',
  axioms: ['linearity', 'implementation-invariance', 'dummy'],
  attribute(request) {
    const { parameters } = request;
    positiveInteger('noise-tunnel', 'samples', parameters.samples);
    const attribute = METHODS.get(parameters.method);
    if (attribute === undefined) {
      throw new UsageError(
        `[attribench] method "noise-tunnel": method is ${JSON.stringify(parameters.method)}, expected one of: ${[...METHODS.keys()].join(', ')}`,
      );
    }
    return overNoise((noisy: Request) => attribute(noisy, parameters.settings), request, parameters);
  },
});
