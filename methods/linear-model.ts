import { classLogit, defineMethod, tf, UsageError } from 'attribench';

/** Linear-model control: the weights of a linear classifier of the same data. */
export default defineMethod({
  id: 'linear-model',
  title: 'Linear model',
  cite: 'Shah, Jain, Netrapalli, "Do Input Gradients Highlight Discriminative Features?", NeurIPS 2021, section 4 (linear baseline)',
  revision: 1,
  role: 'control',
  needs: ['logits'],
  requires: { auxiliary: { linear: { model: 'linear', training: 'standard' } } },
  parameters: { weights: 'all-classes' },
  rank: 'magnitude',
  about: {
    family: 'control',
    formula: `
      a = sum over classes j of |w_j|
      a = w_c, if weights is "explained-class"
    `,
    map: 'shape of the images, logits per unit of input',
    text: `The sum over classes sees neither the image nor the class. The weights are read as the gradients of the auxiliary
      network's logits, at any image.`,
    parameters: {
      weights: `"all-classes", or "explained-class", which tells which class the model predicted: a mask made of it hands
        that over`,
    },
    failures: [],
  },
  attribute({ images, classes, auxiliary: { linear }, parameters: { weights } }) {
    if (weights === 'explained-class') return linear.inputGradient(images, classLogit(classes));
    if (weights !== 'all-classes') {
      throw new UsageError(
        `[attribench] method "linear-model": weights is ${JSON.stringify(weights)}, expected "all-classes" or "explained-class"`,
      );
    }
    return tf.tidy(() => {
      const blank = tf.zeros<tf.Rank.R4>([1, ...linear.inputShape]);
      const sizes = Array.from({ length: linear.classes }, (_, j) =>
        tf.abs(linear.inputGradient(blank, classLogit(tf.tensor1d([j], 'int32')))),
      );
      return tf.tile(tf.addN(sizes), [images.shape[0], 1, 1, 1]);
    });
  },
});
