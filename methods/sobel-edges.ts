import { defineMethod, tf } from 'attribench';

/** Sobel's 3x3 operators as filters [3, 3, 1, 2]: d/dx, d/dy. */
const OPERATORS = [-1, -1, 0, -2, 1, -1, -2, 0, 0, 0, 2, 0, -1, 1, 0, 2, 1, 1];

/** Sobel edges control: the slope of the image. */
export default defineMethod({
  id: 'sobel-edges',
  title: 'Sobel edges',
  cite: 'Adebayo, Gilmer, Muelly, Goodfellow, Hardt, Kim, "Sanity Checks for Saliency Maps", NeurIPS 2018, section 5 (edge detector); operator of Sobel and Feldman, 1968',
  revision: 1,
  role: 'control',
  needs: ['logits'],
  rank: 'magnitude',
  about: {
    family: 'control',
    formula: "a = mean over channels of sqrt(gx^2 + gy^2), gx and gy by Sobel's 3 x 3 operators",
    map: '[n, height, width, 1], never negative',
    text: `The border is continued by its own pixels, so that the edge of the image is no edge. It says what a map scores that
      marks edges, whatever the model.`,
    failures: [],
  },
  attribute: ({ images }) =>
    tf.tidy(() => {
      const framed = tf.mirrorPad(
        images,
        [
          [0, 0],
          [1, 1],
          [1, 1],
          [0, 0],
        ],
        'symmetric',
      );
      const edges = tf.split<tf.Tensor4D>(framed, images.shape[3], 3).map((channel) => {
        const slopes = tf.conv2d(channel, tf.tensor4d(OPERATORS, [3, 3, 1, 2]), 1, 'valid');
        return tf.sqrt(tf.sum(tf.square(slopes), 3, true));
      });
      return tf.addN(edges).div<tf.Tensor4D>(edges.length);
    }),
});
