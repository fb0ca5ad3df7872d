import { defineMethod } from 'attribench';
import { atRectifiers, deconvolutionRule } from './rules/gradient.ts';
import { unitSeed } from './rules/seeds.ts';

/**
 * Deconvolution: d logit_c / dx with every ReLU passing max(g, 0) instead of g 1[x > 0]; shape of the images, logits per
 * unit of input.
 *
 * Without max-pooling the map does not depend on the image at all, but for its class: the ReLUs forget which units were
 * active (Nie, Zhang, Patel, "A Theoretical Explanation for Perplexing Behaviors of Backpropagation-based Visualizations",
 * ICML 2018). Where a max-pooling window holds equal values the first of them takes the signal.
 */
export default defineMethod({
  id: 'deconvolution',
  title: 'Deconvolution',
  cite: 'Zeiler, Fergus, "Visualizing and Understanding Convolutional Networks", ECCV 2014, section 2.1',
  revision: 1,
  needs: ['propagation'],
  rank: 'magnitude',
  attribute: ({ network, images, classes }) =>
    network.propagate(images, unitSeed(classes), atRectifiers(deconvolutionRule)),
});
