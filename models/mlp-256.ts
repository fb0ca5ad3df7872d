import { defineModel } from 'attribench';
import { multilayerPerceptron } from './mlp.ts';

/** A fully connected ReLU network with two hidden layers of 256 units: a tenth of the cost of `mlp`; the width is our choice. */
export default defineModel({
  id: 'mlp-256',
  title: 'MLP 256',
  cite: 'After Shah, Jain, Netrapalli, "Do Input Gradients Highlight Discriminative Features?", NeurIPS 2021, section 4; narrowed',
  revision: 1,
  build: ({ inputShape, classes }) => multilayerPerceptron(inputShape, 256, classes),
});
