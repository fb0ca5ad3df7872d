import { defineMethod, tf } from 'attribench';

/** Random control: an independent N(0, 1) number a coordinate, from the image's own stream; shape of the images. */
export default defineMethod({
  id: 'random',
  title: 'Random',
  cite: 'Shah, Jain, Netrapalli, "Do Input Gradients Highlight Discriminative Features?", NeurIPS 2021, section 3 (random baseline)',
  revision: 2,
  role: 'control',
  needs: ['logits'],
  rank: 'value',
  attribute({ images, streams }) {
    const size = images.size / images.shape[0];
    const values = new Float32Array(images.size);
    streams.forEach((stream, i) => {
      values.set(stream.normals(size), i * size);
    });
    return tf.tensor4d(values, images.shape);
  },
});
