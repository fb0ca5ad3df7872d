import { crossEntropy, defineMethod } from 'attribench';

/**
 * Loss gradient: d CE(f(x), c) / dx with the explained class c as the label; shape of the images, nats per unit of input.
 *
 * The chain rule gives sum over j of (softmax_j - [j = c]) d logit_j / dx: unlike the input gradient it weighs every
 * class's logit by its probability.
 */
export default defineMethod({
  id: 'loss-gradient',
  title: 'Loss gradient',
  cite: 'Shah, Jain, Netrapalli, "Do Input Gradients Highlight Discriminative Features?", NeurIPS 2021, appendix C.5',
  revision: 1,
  needs: ['gradient'],
  rank: 'magnitude',
  axioms: ['symmetry', 'implementation-invariance', 'dummy', 'input-shift-invariance'],
  attribute: ({ network, images, classes }) => network.inputGradient(images, crossEntropy(classes)),
});
