import { defineMethod, tf } from 'attribench';

/** Constant control: one everywhere. */
export default defineMethod({
  id: 'constant',
  title: 'Constant',
  cite: 'Control of this project',
  revision: 1,
  role: 'control',
  needs: ['logits'],
  rank: 'value',
  about: {
    family: 'control',
    formula: 'a = 1',
    map: '[n, height, width, 1]',
    text: 'Whatever a check makes of it comes from its rule for ties.',
    failures: [],
  },
  attribute: ({ images: { shape } }) => tf.ones([shape[0], shape[1], shape[2], 1]),
});
