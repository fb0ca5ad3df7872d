import { defineMethod, tf } from 'attribench';
import { rescaleMultipliers } from './rules/deep-lift.ts';
import { BY_DEFINITION, SHRIKUMAR_2017, SUNDARARAJAN_2017 } from './support/literature.ts';

/** DeepLIFT by the Rescale rule: differences from a baseline, sent back by slopes between the two. */
export default defineMethod({
  id: 'deep-lift',
  title: 'DeepLIFT',
  cite: 'Shrikumar, Greenside, Kundaje, "Learning Important Features Through Propagating Activation Differences", ICML 2017, sections 3.2 to 3.5.2',
  revision: 1,
  needs: ['propagation'],
  parameters: { baseline: 0 },
  rank: 'magnitude',
  axioms: ['completeness', 'sensitivity', 'linearity', 'conservation-without-bias'],
  about: {
    family: 'propagation',
    formula: 'a = (x - b) m, m by the chain rule with (y - y0) / (z - z0) in place of dy / dz at each nonlinearity',
    map: 'shape of the images, in logits',
    text: 'y and z are the output and the input of a nonlinearity, y0 and z0 the same at the baseline. Maps sum to logit_c(x) - logit_c(b).',
    parameters: { baseline: 'value of every coordinate of b' },
    failures: [
      {
        text: 'Networks that compute one function get different maps.',
        cite: `${SUNDARARAJAN_2017}, section 2.2 and appendix B`,
        axiom: 'implementation-invariance',
      },
      {
        text: 'A zero baseline does not shift with the input.',
        cite: BY_DEFINITION,
        axiom: 'input-shift-invariance',
      },
      {
        text: 'Inputs that cancel each other before a nonlinearity get nothing.',
        cite: `${SHRIKUMAR_2017}, where the RevealCancel rule is to mend it`,
      },
    ],
  },
  attribute: ({ network, images, classes, parameters: { baseline } }) =>
    tf.tidy(() => {
      const [, height, width, channels] = images.shape;
      const reference = tf.fill<tf.Rank.R4>([1, height, width, channels], baseline);
      return tf.mul<tf.Tensor4D>(tf.sub(images, reference), rescaleMultipliers(network, images, reference, classes));
    }),
});
