/**
 * Any method over noisy copies of the image, as a method of its own.
 *
 * What the inner method needs and requires is known when the plugin is made, so a noise tunnel is one file a method,
 * not one plugin with a parameter that names the method.
 */
import { setImmediate } from 'node:timers/promises';
import {
  type AttributionRequest,
  type Axiom,
  type Described,
  defineMethod,
  type Failure,
  type Method,
  type Need,
  type Parameters,
  type Requirements,
  resolveParameters,
  tf,
  UsageError,
} from 'attribench';
import { NOISE, NOISE_ABOUT } from './noise.ts';
import { positiveInteger } from './samples.ts';

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

/** Axioms of the inner method that every statistic keeps; the mean, which is linear, keeps linearity too. */
const KEPT: readonly Axiom[] = ['implementation-invariance', 'dummy', 'input-shift-invariance'];

/**
 * A statistic over noisy copies of the image of the maps of another method, with that method's needs and requirements.
 *
 * `statistic` is 'mean', 'square' (mean of squares) or 'variance', as in captum; `settings` are the inner method's
 * parameters in place of its own defaults. Noise as in smooth-grad: normal, `sigma` times the image's own range, drawn
 * from the image's stream; the inner method gets streams derived from it.
 */
export function noiseTunnel<N extends Need, P extends Parameters, R extends Requirements>(
  method: Method<N, P, R>,
  plugin: Described & Partial<Noise> & { readonly failures?: readonly Failure[] },
) {
  const { samples = NOISE.samples, sigma = NOISE.sigma, statistic = 'mean', failures = [], ...described } = plugin;
  return defineMethod({
    ...described,
    needs: method.needs,
    requires: method.requires,
    parameters: { samples, sigma, statistic, settings: method.parameters },
    rank: statistic === 'mean' ? method.rank : 'magnitude',
    axioms: method.axioms.filter((axiom) => KEPT.includes(axiom) || (statistic === 'mean' && axiom === 'linearity')),
    ...(method.about !== undefined && {
      about: {
        family: method.about.family,
        formula: `a = ${statistic} over samples of (map of ${method.id} at x + e), e normal`,
        map: `as of ${method.id}: ${method.about.map}`,
        text: 'Noise as in smooth-grad. Each copy is explained for the class of the image itself.',
        parameters: {
          ...NOISE_ABOUT,
          statistic: '"mean", "square" (mean of squares) or "variance"',
          settings: `parameters of ${method.id}, its defaults where left out`,
        },
        failures,
      },
    }),
    attribute(request) {
      const { settings, ...noise } = request.parameters;
      const parameters = resolveParameters(method, settings) as P;
      return overNoise((noisy) => method.attribute({ ...noisy, parameters }), described.id, request, noise);
    },
  });
}

/** The statistic over `samples` of the maps that `attribute` makes of x + e, one noisy copy of the whole batch at a time. */
async function overNoise<N extends Need, P extends Parameters, R extends Requirements>(
  attribute: (request: AttributionRequest<N, P, R>) => tf.Tensor4D | Promise<tf.Tensor4D>,
  id: string,
  request: AttributionRequest<N, P, R>,
  { samples, sigma, statistic: name }: Noise,
): Promise<tf.Tensor4D> {
  const { images, streams, signal } = request;
  positiveInteger(id, 'samples', samples);
  const statistic = STATISTICS[name];
  if (statistic === undefined) {
    throw new UsageError(
      `[attribench] method "${id}": statistic is ${JSON.stringify(name)}, expected one of: ${Object.keys(STATISTICS).join(', ')}`,
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
