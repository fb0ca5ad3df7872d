import { defineMethod, tf } from 'attribench';
import { CONTRAST, EXCITATION, relevanceOf } from './rules/relevance.ts';
import { unitSeed } from './rules/seeds.ts';
import { BY_DEFINITION, FOUND_HERE, SIXT_2020 } from './support/literature.ts';

/** Excitation backprop: where random walks from the class down to the image end. */
export default defineMethod({
  id: 'excitation-backprop',
  title: 'Excitation backprop',
  cite: 'Zhang, Bargal, Lin, Brandt, Shen, Sclaroff, "Top-Down Neural Attention by Excitation Backprop", IJCV 126, 2018 (ECCV 2016), sections 3.2 and 3.3',
  revision: 1,
  needs: ['propagation'],
  parameters: { contrastive: true },
  rank: 'magnitude',
  about: {
    family: 'propagation',
    formula: 'P(i) = sum over j of (x_i w_ij)+ / (sum over i of the same) P(j), from 1 at the class',
    map: 'shape of the images, from 0 to 1',
    text: `The chance that a walk ends at each input. The paper assumes x >= 0; a negative input excites through a negative
      weight here, so that x w+ reads (x w)+. Biases have no part, as in the paper (zennit keeps the positive ones). Walks
      that reach an output without excitation end there.`,
    parameters: {
      contrastive: `take off the chance of the walk from the class's dual, whose weights are negated, and keep what is
        positive`,
    },
    failures: [
      {
        text: 'Only what excites counts: an input that matters by inhibiting gets nothing.',
        cite: BY_DEFINITION,
        axiom: 'sensitivity',
      },
      { text: 'It looks at the units, not at the function.', cite: FOUND_HERE, axiom: 'implementation-invariance' },
      {
        text: 'Its maps hardly depend on the parameters of the later layers; without contrast the class hardly matters.',
        cite: SIXT_2020,
      },
    ],
  },
  attribute: ({ network, images, classes, parameters: { contrastive } }) =>
    tf.tidy(() => {
      const composite = (_: unknown, { last }: { last: boolean }) => (contrastive && last ? CONTRAST : EXCITATION);
      const map = relevanceOf({ network, images, classes, composite, seed: unitSeed(classes) });
      return contrastive ? tf.relu(map) : map;
    }),
});
