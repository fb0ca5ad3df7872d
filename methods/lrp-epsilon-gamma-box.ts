import { defineMethod } from 'attribench';
import { boxRule, epsilonRule, gammaRule, relevanceOf } from './rules/relevance.ts';

/**
 * LRP by a composite: the epsilon rule at dense layers, the gamma rule at convolutions, the z-box rule at the first linear
 * layer, low and high the bounds of the input, from R = logit_c at the class; shape of the images, in logits.
 *
 * A first dense layer has the box rule too; zennit boxes only a first convolution.
 */
export default defineMethod({
  id: 'lrp-epsilon-gamma-box',
  title: 'LRP epsilon-gamma-box',
  cite: 'Montavon, Binder, Lapuschkin, Samek, Müller, "Layer-Wise Relevance Propagation: An Overview", in Explainable AI, LNCS 11700, 2019, section 10.3',
  revision: 1,
  needs: ['propagation'],
  parameters: { epsilon: 1e-6, gamma: 0.25 },
  rank: 'magnitude',
  attribute: ({ network, images, classes, bounds, parameters: { epsilon, gamma } }) =>
    relevanceOf({
      network,
      images,
      classes,
      composite: ({ type }, { first }) =>
        first ? boxRule(bounds) : type === 'Dense' ? epsilonRule(epsilon) : gammaRule(gamma),
    }),
});
