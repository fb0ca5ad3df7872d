import { classLogit, defineMethod } from 'attribench';
import { MEASURED_HERE, SHAH_2021, SUNDARARAJAN_2017 } from './support/literature.ts';

/** Input gradient: how the logit of the explained class moves with each coordinate. */
export default defineMethod({
  id: 'input-gradient',
  title: 'Input gradient',
  cite: 'Simonyan, Vedaldi, Zisserman, "Deep Inside Convolutional Networks", ICLR workshop 2014, section 3',
  revision: 1,
  needs: ['gradient'],
  rank: 'magnitude',
  axioms: ['linearity', 'symmetry', 'implementation-invariance', 'dummy', 'input-shift-invariance'],
  about: {
    family: 'gradient',
    formula: 'a = d logit_c / dx',
    map: 'shape of the images, logits per unit of input',
    failures: [
      {
        text: 'Where the network saturates the gradient is zero, although the input made the difference.',
        cite: `${SUNDARARAJAN_2017}, section 2.1`,
        axiom: 'sensitivity',
      },
      {
        text: `On networks of standard training it marks a block that says nothing about the class; on adversarially
          robust ones hardly.`,
        cite: `${SHAH_2021}, section 5; ${MEASURED_HERE}`,
      },
    ],
  },
  attribute: ({ network, images, classes }) => network.inputGradient(images, classLogit(classes)),
});
