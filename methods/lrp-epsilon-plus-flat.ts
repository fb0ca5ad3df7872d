import { defineMethod } from 'attribench';
import { epsilonRule, FLAT, relevanceOf, Z_PLUS } from './rules/relevance.ts';

/**
 * LRP by a composite: the epsilon rule at dense layers, the z+ rule at convolutions, the flat rule at the first linear layer,
 * from R = logit_c at the class; shape of the images, in logits.
 *
 * As in zennit a first dense layer is flat too: the map of a dense network is constant.
 */
export default defineMethod({
  id: 'lrp-epsilon-plus-flat',
  title: 'LRP epsilon-plus-flat',
  cite: 'Kohlbrenner, Bauer, Nakajima, Binder, Samek, Lapuschkin, "Towards Best Practice in Explaining Neural Network Decisions with LRP", IJCNN 2020, section II; flat at the input as in Lapuschkin et al., Nature Communications 10, 2019',
  revision: 1,
  needs: ['propagation'],
  parameters: { epsilon: 1e-6 },
  rank: 'magnitude',
  attribute: ({ network, images, classes, parameters: { epsilon } }) =>
    relevanceOf({
      network,
      images,
      classes,
      composite: ({ type }, { first }) => (first ? FLAT : type === 'Dense' ? epsilonRule(epsilon) : Z_PLUS),
    }),
});
