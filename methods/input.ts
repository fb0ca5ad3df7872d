import { defineMethod } from 'attribench';

/** Input control: the image itself. */
export default defineMethod({
  id: 'input',
  title: 'Input',
  cite: 'Adebayo, Gilmer, Muelly, Goodfellow, Hardt, Kim, "Sanity Checks for Saliency Maps", NeurIPS 2018, section 5 (input dominates input x gradient)',
  revision: 1,
  role: 'control',
  needs: ['logits'],
  rank: 'magnitude',
  about: {
    family: 'control',
    formula: 'a = x',
    map: 'shape of the images, units of the input',
    text: 'It says what a map scores that marks what is white, whatever the model.',
    failures: [],
  },
  attribute: ({ images }) => images.clone(),
});
