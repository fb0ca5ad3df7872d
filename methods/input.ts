import { defineMethod } from 'attribench';

/** Input control: the image itself, ranked by |value|; shape of the images, units of the input. */
export default defineMethod({
  id: 'input',
  title: 'Input',
  cite: 'Adebayo, Gilmer, Muelly, Goodfellow, Hardt, Kim, "Sanity Checks for Saliency Maps", NeurIPS 2018, section 5 (input dominates input x gradient)',
  revision: 1,
  role: 'control',
  needs: ['logits'],
  rank: 'magnitude',
  attribute: ({ images }) => images.clone(),
});
