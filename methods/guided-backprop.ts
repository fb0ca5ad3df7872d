import { defineMethod } from 'attribench';
import { atRectifiers, guidedRule } from './rules/gradient.ts';
import { unitSeed } from './rules/seeds.ts';

/**
 * Guided backpropagation: d logit_c / dx with every ReLU passing max(g, 0) 1[x > 0] instead of g 1[x > 0]; shape of the
 * images, logits per unit of input.
 *
 * Known to depend little on the class and on the weights of the upper layers (Adebayo et al., "Sanity Checks for
 * Saliency Maps", 2018; Nie et al., "A Theoretical Explanation for Perplexing Behaviors of Backpropagation-based
 * Visualizations", 2018).
 */
export default defineMethod({
  id: 'guided-backprop',
  title: 'Guided backprop',
  cite: 'Springenberg, Dosovitskiy, Brox, Riedmiller, "Striving for Simplicity", ICLR workshop 2015, section 3.4',
  revision: 1,
  needs: ['propagation'],
  rank: 'magnitude',
  attribute: ({ network, images, classes }) => network.propagate(images, unitSeed(classes), atRectifiers(guidedRule)),
});
