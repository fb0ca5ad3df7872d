import { defineMethod, tf } from 'attribench';
import { rescaleMultipliers } from './rules/deep-lift.ts';
import { sumOverSamples, weightedSum } from './support/samples.ts';

/**
 * DeepSHAP: DeepLIFT by the Rescale rule against each of the reference images, averaged; shape of the images, in logits.
 *
 * The references are training images. Maps sum to logit_c(x) less the mean of logit_c over the references.
 */
export default defineMethod({
  id: 'deep-shap',
  title: 'DeepSHAP',
  cite: 'Lundberg, Lee, "A Unified Approach to Interpreting Model Predictions", NeurIPS 2017, section 4.2; with a set of references as in their software',
  revision: 1,
  needs: ['propagation'],
  requires: { reference: 16 },
  rank: 'magnitude',
  axioms: ['completeness'],
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
