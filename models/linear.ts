import { defineModel, tf } from 'attribench';

/** Softmax regression: logits = W^T x + b over all pixels. */
export default defineModel({
  id: 'linear',
  title: 'Linear',
  cite: 'Shah, Jain, Netrapalli, "Do Input Gradients Highlight Discriminative Features?", NeurIPS 2021 (linear baseline)',
  revision: 1,
  build: ({ inputShape, classes }) =>
    tf.sequential({
      layers: [
        tf.layers.flatten({ name: 'flatten', inputShape: [...inputShape] }),
        tf.layers.dense({ name: 'logits', units: classes, kernelInitializer: 'zeros' }),
      ],
    }),
});
