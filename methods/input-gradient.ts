import { classLogit, defineMethod } from 'attribench';

/** Input gradient: d logit_c / dx of the explained class c. Shape of the images, in logits per unit of input. */
export default defineMethod({
  id: 'input-gradient',
  title: 'Input gradient',
  cite: 'Simonyan, Vedaldi, Zisserman, "Deep Inside Convolutional Networks", ICLR workshop 2014, section 3',
  revision: 1,
  needs: ['gradient'],
  rank: 'magnitude',
  axioms: ['implementation-invariance', 'input-shift-invariance'],
  attribute: ({ network, images, classes }) => network.inputGradient(images, classLogit(classes)),
});
