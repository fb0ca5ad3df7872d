import { defineMethod, tf } from 'attribench';
import { CONTRAST, EXCITATION, relevanceOf } from './rules/relevance.ts';
import { unitSeed } from './rules/seeds.ts';

/**
 * Excitation backprop: the chance that a walk from the class down to the image ends at each input, stepping from j to i
 * with probability x_i w+_ij / (sum over i of the same); shape of the images, from 0 to 1.
 *
 * `contrastive` (the default) takes off the chance of the walk from the class's dual, whose weights are negated, and keeps
 * what is positive: without it the class hardly matters. The paper assumes x >= 0; a negative input excites through a
 * negative weight here, so that x w+ reads (x w)+. Biases have no part, as in the paper (zennit keeps the positive ones).
 * Walks that reach an output without excitation end there.
 */
export default defineMethod({
  id: 'excitation-backprop',
  title: 'Excitation backprop',
  cite: 'Zhang, Bargal, Lin, Brandt, Shen, Sclaroff, "Top-Down Neural Attention by Excitation Backprop", IJCV 126, 2018 (ECCV 2016), sections 3.2 and 3.3',
  revision: 1,
  needs: ['propagation'],
  parameters: { contrastive: true },
  rank: 'magnitude',
  attribute: ({ network, images, classes, parameters: { contrastive } }) =>
    tf.tidy(() => {
      const composite = (_: unknown, { last }: { last: boolean }) => (contrastive && last ? CONTRAST : EXCITATION);
      const map = relevanceOf({ network, images, classes, composite, seed: unitSeed(classes) });
      return contrastive ? tf.relu(map) : map;
    }),
});
