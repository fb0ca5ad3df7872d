import { classLogit, defineMethod, tf } from 'attribench';
import { quadrature } from './support/quadrature.ts';
import { positiveInteger, sumOverSamples, weightedSum } from './support/samples.ts';

/**
 * Integrated gradients: (x - b) * integral over a in [0, 1] of d logit_c / dx at b + a (x - b); shape of the images,
 * in logits.
 *
 * The baseline b has the value `baseline` in every coordinate. The integral is a weighted sum over `steps` points of
 * the path: `rule` 'gauss-legendre' (the default, as in captum: exact on smooth paths long before 50 points) or
 * 'midpoint'. Maps sum to logit_c(x) - logit_c(b) but for the quadrature error, on ReLU networks of order 1/steps.
 */
export default defineMethod({
  id: 'integrated-gradients',
  title: 'Integrated gradients',
  cite: 'Sundararajan, Taly, Yan, "Axiomatic Attribution for Deep Networks", ICML 2017, section 3',
  revision: 1,
  needs: ['gradient'],
  parameters: { steps: 50, baseline: 0, rule: 'gauss-legendre' },
  rank: 'magnitude',
  axioms: [
    'completeness',
    'sensitivity',
    'linearity',
    'symmetry',
    'implementation-invariance',
    'dummy',
    'conservation-without-bias',
  ],
  async attribute(request) {
    const { network, images, classes, parameters } = request;
    const { steps, baseline, rule } = parameters;
    const { nodes, weights } = quadrature(rule, positiveInteger('integrated-gradients', 'steps', steps));
    const [n, ...shape] = images.shape;
    const mean = await sumOverSamples(request, steps, (first, count) => {
      const end = first + count;
      const shares = tf.tensor(nodes.slice(first, end), [count, 1, 1, 1, 1]);
      const points = images.sub(baseline).expandDims(0).mul(shares).add(baseline);
      const path = points.reshape<tf.Tensor4D>([count * n, ...shape]);
      const gradients = network.inputGradient(path, classLogit(tf.tile(classes, [count])));
      return weightedSum(gradients, weights.slice(first, end));
    });
    const map = tf.tidy(() => tf.mul<tf.Tensor4D>(images.sub(baseline), mean));
    mean.dispose();
    return map;
  },
});
