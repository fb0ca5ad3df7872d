import { defineMethod, tf } from 'attribench';

/** Random control: independent normal numbers. */
export default defineMethod({
  id: 'random',
  title: 'Random',
  cite: 'Shah, Jain, Netrapalli, "Do Input Gradients Highlight Discriminative Features?", NeurIPS 2021, section 3 (random baseline)',
  revision: 2,
  role: 'control',
  needs: ['logits'],
  rank: 'value',
  about: {
    family: 'control',
    formula: 'a ~ N(0, 1), independent at each coordinate',
    map: 'shape of the images, without unit',
    text: "Drawn from the image's own stream. It says what a map scores that knows neither image nor model.",
    failures: [],
  },
  attribute({ images, streams }) {
    const size = images.size / images.shape[0];
    const values = new Float32Array(images.size);
    streams.forEach((stream, i) => {
      values.set(stream.normals(size), i * size);
    });
    return tf.tensor4d(values, images.shape);
  },
});
