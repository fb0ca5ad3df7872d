import { defineModel, tf } from 'attribench';

/** A fully connected ReLU network with two hidden layers as wide as the input. */
export default defineModel({
  id: 'mlp',
  title: 'MLP',
  cite: 'Shah, Jain, Netrapalli, "Do Input Gradients Highlight Discriminative Features?", NeurIPS 2021, section 4',
  revision: 1,
  build: ({ inputShape, classes, widthShape = inputShape }) => {
    const [height, width, channels] = widthShape;
    return multilayerPerceptron(inputShape, height * width * channels, classes);
  },
});

/** Flatten, two hidden layers of `units` with ReLU, and logits. */
export function multilayerPerceptron(inputShape: readonly number[], units: number, classes: number): tf.LayersModel {
  const dense = (name: string, size: number) => tf.layers.dense({ name, units: size, kernelInitializer: 'zeros' });
  return tf.sequential({
    layers: [
      tf.layers.flatten({ name: 'flatten', inputShape: [...inputShape] }),
      dense('hidden-1', units),
      tf.layers.activation({ name: 'relu-1', activation: 'relu' }),
      dense('hidden-2', units),
      tf.layers.activation({ name: 'relu-2', activation: 'relu' }),
      dense('logits', classes),
    ],
  });
}
