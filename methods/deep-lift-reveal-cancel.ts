import { defineMethod, tf } from 'attribench';
import { revealCancel } from './rules/reveal-cancel.ts';
import { BY_DEFINITION, FOUND_HERE } from './support/literature.ts';

/** DeepLIFT by the RevealCancel rule: what raises and what lowers an activation are followed apart. */
export default defineMethod({
  id: 'deep-lift-reveal-cancel',
  title: 'DeepLIFT RevealCancel',
  cite: 'Shrikumar, Greenside, Kundaje, "Learning Important Features Through Propagating Activation Differences", ICML 2017, section 3.5.3',
  revision: 1,
  needs: ['propagation'],
  parameters: { baseline: 0 },
  rank: 'magnitude',
  axioms: ['completeness', 'sensitivity', 'linearity', 'conservation-without-bias'],
  about: {
    family: 'propagation',
    formula: `
      a = (x - b) m, m by the chain rule with dy+ / dz+ and dy- / dz- at each nonlinearity, where
      dy+ = 1/2 (y(z0 + dz+) - y(z0)) + 1/2 (y(z0 + dz- + dz+) - y(z0 + dz-))
      dy- = 1/2 (y(z0 + dz-) - y(z0)) + 1/2 (y(z0 + dz+ + dz-) - y(z0 + dz+))
    `,
    map: 'shape of the images, in logits',
    text: `dz+ and dz- are what raises and what lowers a nonlinearity's input against the baseline: each is credited with its
      effect on the output averaged over the two orders of coming in. It sees inputs that cancel each other, where the
      Rescale rule gives both nothing. Maps sum to logit_c(x) - logit_c(b).`,
    parameters: { baseline: 'value of every coordinate of b' },
    failures: [
      {
        text: 'Networks that compute one function get different maps.',
        cite: FOUND_HERE,
        axiom: 'implementation-invariance',
      },
      { text: 'Two units that cancel are followed apart, and both count.', cite: FOUND_HERE, axiom: 'dummy' },
      {
        text: 'A zero baseline does not shift with the input.',
        cite: BY_DEFINITION,
        axiom: 'input-shift-invariance',
      },
    ],
  },
  attribute: ({ network, images, classes, parameters: { baseline } }) =>
    tf.tidy(() => revealCancel(network, images, tf.fill<tf.Rank.R4>(images.shape, baseline), classes)),
});
