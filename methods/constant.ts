import { defineMethod, tf } from 'attribench';

/** Constant control: 1 everywhere, [n, height, width, 1]; whatever a check makes of it comes from its rule for ties. */
export default defineMethod({
  id: 'constant',
  title: 'Constant',
  cite: 'Control of this project',
  revision: 1,
  role: 'control',
  needs: ['logits'],
  rank: 'value',
  attribute: ({ images: { shape } }) => tf.ones([shape[0], shape[1], shape[2], 1]),
});
