import { classLogit, defineMethod } from 'attribench';

/**
 * Input gradient: d logit_c / dx of the explained class c; shape of the images, logits per unit of input.
 *
 * Not sensitive: where the network saturates the gradient is zero although the input made the difference.
 */
export default defineMethod({
  id: 'input-gradient',
  title: 'Input gradient',
  cite: 'Simonyan, Vedaldi, Zisserman, "Deep Inside Convolutional Networks", ICLR workshop 2014, section 3',
  revision: 1,
  needs: ['gradient'],
  rank: 'magnitude',
  axioms: ['linearity', 'symmetry', 'implementation-invariance', 'dummy', 'input-shift-invariance'],
  attribute: ({ network, images, classes }) => network.inputGradient(images, classLogit(classes)),
});
