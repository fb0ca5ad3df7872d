import { setImmediate } from 'node:timers/promises';
import { classLogit, defineMethod, tf } from 'attribench';
import { GuidedPath } from './support/guided-path.ts';
import { BY_DEFINITION, FOUND_HERE, SUNDARARAJAN_2017 } from './support/literature.ts';
import { positiveInteger } from './support/samples.ts';

/** Guided integrated gradients: a path integral of the gradient that moves the flattest coordinates first. */
export default defineMethod({
  id: 'guided-integrated-gradients',
  title: 'Guided integrated gradients',
  cite: 'Kapishnikov, Venugopalan, Avci, Wedin, Terry, Bolukbasi, "Guided Integrated Gradients: an Adaptive Path Method for Removing Noise", CVPR 2021, algorithm 1',
  revision: 1,
  needs: ['gradient'],
  parameters: { steps: 200, fraction: 0.25, maxDistance: 0.02, baseline: 0 },
  rank: 'magnitude',
  axioms: ['sensitivity', 'implementation-invariance', 'dummy'],
  about: {
    family: 'gradient',
    formula: 'a = sum over steps of (step) * d logit_c / dx, each step along the coordinates of least |gradient|',
    map: 'shape of the images, in logits',
    text: `A step covers 1/steps of the L1 way from the baseline to x. The fraction is taken of the coordinates that still
      move: the authors' code counts those that do not as infinitely steep, so that an image which mostly equals the
      baseline would move all at once, as in integrated gradients.`,
    parameters: {
      steps: 'of the path',
      fraction: 'share of the coordinates that move in one step',
      maxDistance: 'how far a coordinate may run ahead of the straight path or behind it, as a share of its own way',
      baseline: 'value of every coordinate where the path begins',
    },
    failures: [
      {
        text: `A path that slides along a kink of the network, where the gradient jumps at each step, keeps an error however
          many the steps: the sum is not exact.`,
        cite: FOUND_HERE,
        axiom: 'completeness',
      },
      { text: 'The path of a sum of networks is not the path of either.', cite: BY_DEFINITION, axiom: 'linearity' },
      {
        text: 'Only the straight path treats all symmetric coordinates alike.',
        cite: `${SUNDARARAJAN_2017}, section 4.2`,
        axiom: 'symmetry',
      },
    ],
  },
  async attribute({ network, images, classes, parameters, signal, progress }) {
    const steps = positiveInteger('guided-integrated-gradients', 'steps', parameters.steps);
    const { baseline } = parameters;
    const values = await images.data();
    const size = images.size / images.shape[0];
    const paths = Array.from({ length: images.shape[0] }, (_, i) => {
      const way = Float64Array.from(values.subarray(i * size, (i + 1) * size), (value) => value - baseline);
      return { way, path: new GuidedPath(way, parameters) };
    });
    for (let step = 0; step < steps; step++) {
      signal.throwIfAborted();
      const points = new Float32Array(images.size);
      for (const [i, { way, path }] of paths.entries()) {
        points.set(
          Float32Array.from(way, (value, k) => baseline + (path.shares[k] ?? 0) * value),
          i * size,
        );
      }
      const gradients = tf.tidy(() => network.inputGradient(tf.tensor4d(points, images.shape), classLogit(classes)));
      const slopes = await gradients.data();
      gradients.dispose();
      for (const [i, { path }] of paths.entries()) path.advance(slopes.subarray(i * size, (i + 1) * size));
      progress((step + 1) / steps);
      await setImmediate();
    }
    const map = new Float32Array(images.size);
    for (const [i, { path }] of paths.entries()) map.set(path.attribution, i * size);
    return tf.tensor4d(map, images.shape);
  },
});
