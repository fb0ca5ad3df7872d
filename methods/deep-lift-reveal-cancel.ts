import { defineMethod, tf } from 'attribench';
import { revealCancel } from './rules/reveal-cancel.ts';

/**
 * DeepLIFT by the RevealCancel rule: as DeepLIFT, but what raises and what lowers a nonlinearity's input are followed apart,
 * each credited with its effect on the output averaged over the two orders of coming in; shape of the images, in logits.
 *
 * It sees inputs that cancel each other, where the Rescale rule gives both nothing. The baseline has the value `baseline` in
 * every coordinate. Maps sum to logit_c(x) - logit_c(b).
 */
export default defineMethod({
  id: 'deep-lift-reveal-cancel',
  title: 'DeepLIFT RevealCancel',
  cite: 'Shrikumar, Greenside, Kundaje, "Learning Important Features Through Propagating Activation Differences", ICML 2017, section 3.5.3',
  revision: 1,
  needs: ['propagation'],
  parameters: { baseline: 0 },
  rank: 'magnitude',
  axioms: ['completeness', 'sensitivity', 'conservation-without-bias'],
  attribute: ({ network, images, classes, parameters: { baseline } }) =>
    tf.tidy(() => revealCancel(network, images, tf.fill<tf.Rank.R4>(images.shape, baseline), classes)),
});
