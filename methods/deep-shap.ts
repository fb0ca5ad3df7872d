import { defineMethod, tf } from 'attribench';
import { rescaleMultipliers } from './rules/deep-lift.ts';
import { BY_DEFINITION, SUNDARARAJAN_2017 } from './support/literature.ts';
import { sumOverSamples, weightedSum } from './support/samples.ts';

/** DeepSHAP: DeepLIFT by the Rescale rule, averaged over training images as baselines. */
export default defineMethod({
  id: 'deep-shap',
  title: 'DeepSHAP',
  cite: 'Lundberg, Lee, "A Unified Approach to Interpreting Model Predictions", NeurIPS 2017, section 4.2; with a set of references as in their software',
  revision: 1,
  needs: ['propagation'],
  requires: { reference: 16 },
  rank: 'magnitude',
  axioms: ['completeness', 'linearity'],
  about: {
    family: 'propagation',
    formula: 'a = mean over reference images r of (x - r) m(x, r), m as in DeepLIFT with the baseline r',
    map: 'shape of the images, in logits',
    text: 'Maps sum to logit_c(x) less the mean of logit_c over the references.',
    failures: [
      {
        text: 'Networks that compute one function get different maps, as by DeepLIFT.',
        cite: `${SUNDARARAJAN_2017}, section 2.2 and appendix B`,
        axiom: 'implementation-invariance',
      },
      { text: 'The references treat equal coordinates differently.', cite: BY_DEFINITION, axiom: 'symmetry' },
      {
        text: 'It composes the Shapley values of the layers as if these were linear: an approximation of those of the network.',
        cite: 'Lundberg, Lee, "A Unified Approach to Interpreting Model Predictions", NeurIPS 2017, section 4.2',
      },
    ],
  },
  attribute(request) {
    const { network, images, classes, reference } = request;
    const [m] = reference.shape;
    return sumOverSamples(request, m, (first, count) => {
      const some = reference.slice([first, 0, 0, 0], [count, -1, -1, -1]);
      const multipliers = rescaleMultipliers(network, images, some, classes);
      const differences = tf.sub(images.expandDims(0), some.expandDims(1)).reshape<tf.Tensor4D>(multipliers.shape);
      return weightedSum(tf.mul(differences, multipliers), new Float32Array(count).fill(1 / m));
    });
  },
});
