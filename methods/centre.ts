import { defineMethod, tf } from 'attribench';

/** Centre control: nearness to the image's centre. */
export default defineMethod({
  id: 'centre',
  title: 'Centre',
  cite: 'Centre prior of eye-fixation benchmarks: Judd, Ehinger, Durand, Torralba, "Learning to predict where humans look", ICCV 2009',
  revision: 1,
  role: 'control',
  needs: ['logits'],
  rank: 'value',
  about: {
    family: 'control',
    formula: "a = 1 - (distance to the image's centre) / (distance of its corners)",
    map: '[n, height, width, 1], from 0 to 1',
    text: 'It says what a map scores that knows where objects tend to be.',
    failures: [],
  },
  attribute({ images }) {
    const [n, height, width] = images.shape;
    const [middleRow, middleColumn] = [(height - 1) / 2, (width - 1) / 2];
    const farthest = Math.hypot(middleRow, middleColumn) || 1;
    const nearness = Float32Array.from({ length: height * width }, (_, pixel) => {
      const [row, column] = [Math.floor(pixel / width), pixel % width];
      return 1 - Math.hypot(row - middleRow, column - middleColumn) / farthest;
    });
    return tf.tidy(() => tf.tile(tf.tensor4d(nearness, [1, height, width, 1]), [n, 1, 1, 1]));
  },
});
