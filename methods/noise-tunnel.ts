import { setImmediate } from 'node:timers/promises';
import { type AttributionRequest, defineMethod, type Need, type Parameters, type Requirements, tf } from 'attribench';
import inputXGradient from './input-x-gradient.ts';
import { positiveInteger } from './support/samples.ts';

/**
 * Mean over `samples` of the maps that `attribute` makes of x + e, one noisy copy of the whole batch at a time.
 *
 * Noise as in smooth-grad: normal, `sigma` times the image's own range, drawn from the image's stream. The inner
 * method gets streams derived from it, and everything else of the request as it is.
 */
export async function meanOverNoisyMaps<N extends Need, P extends Parameters, R extends Requirements>(
  attribute: (request: AttributionRequest<N, P, R>) => tf.Tensor4D | Promise<tf.Tensor4D>,
  request: AttributionRequest<N, P, R>,
  { samples, sigma }: { readonly samples: number; readonly sigma: number },
): Promise<tf.Tensor4D> {
  const { images, streams, signal } = request;
  const size = images.size / images.shape[0];
  let mean: tf.Tensor4D | undefined;
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
      const before: tf.Tensor4D | undefined = mean;
      mean = tf.tidy(() => (before === undefined ? tf.div(map, samples) : tf.add(before, tf.div(map, samples))));
      tf.dispose(before === undefined ? [map] : [map, before]);
      request.progress((sample + 1) / samples);
      await setImmediate();
    }
  } catch (thrown) {
    mean?.dispose();
    throw thrown;
  }
  if (mean === undefined) throw new RangeError(`[attribench] mean over ${samples} noisy maps, expected at least one`);
  return mean;
}

/**
 * Noise tunnel over input x gradient: mean of (x + e) * d logit_c / dx at x + e; shape of the images, in logits.
 *
 * `meanOverNoisyMaps` does the same for any method; over the input gradient it is SmoothGrad.
 */
export default defineMethod({
  id: 'noise-tunnel',
  title: 'Noise tunnel over input x gradient',
  cite: 'Smilkov, Thorat, Kim, Viégas, Wattenberg, "SmoothGrad: removing noise by adding noise", arXiv 1706.03825, 2017, section 3; composition after captum',
  revision: 1,
  needs: ['gradient'],
  parameters: { samples: 25, sigma: 0.1 },
  rank: 'magnitude',
  axioms: ['linearity', 'implementation-invariance', 'dummy'],
  attribute(request) {
    positiveInteger('noise-tunnel', 'samples', request.parameters.samples);
    const inner = { ...request, parameters: {} };
    return meanOverNoisyMaps(inputXGradient.attribute, inner, request.parameters);
  },
});
