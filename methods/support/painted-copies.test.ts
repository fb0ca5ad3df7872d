import { stream, tf } from 'attribench';
import { beforeAll, expect, test } from 'vitest';
import { loadEngine } from '../../harness/engine/index.ts';
import { PaintedCopies } from './painted-copies.ts';

beforeAll(async () => {
  await loadEngine('wasm');
});

test.each([1, 3])('copies are what masks would make of images with %i channels, to the bit', async (channels) => {
  const [n, height, width, rows] = [3, 2, 4, 6];
  const numbers = stream('painted-copies', channels);
  const shape: [number, number, number, number] = [n, height, width, channels];
  const images = tf.tensor4d(numbers.normals(n * height * width * channels), shape);
  const donors = tf.tensor4d(numbers.normals(n * height * width * channels), shape);
  const [own, given] = [await images.data<'float32'>(), await donors.data<'float32'>()];
  const size = height * width * channels;
  const copies = await PaintedCopies.of(images, rows);
  // Twice, so that a row is seen to forget what stood in it.
  for (const block of [rows, rows - 2]) {
    const designs = Array.from({ length: block }, (_, row) => ({
      image: numbers.integer(n),
      donor: row % 2 === 0 ? 0.25 : numbers.integer(n),
      pixels: Array.from(numbers.permutation(height * width).subarray(0, row)),
    }));
    for (const [row, { image, donor, pixels }] of designs.entries()) {
      copies.copy(row, image);
      copies.replace(
        row,
        pixels,
        donor === 0.25 ? donor : (given.subarray(donor * size, (donor + 1) * size) as Float32Array),
      );
    }
    const painted = copies.tensor(block);
    expect(painted.shape).toEqual([block, height, width, channels]);
    const values = await painted.data<'float32'>();
    painted.dispose();
    const slow = designs.flatMap(({ image, donor, pixels }) =>
      Array.from({ length: size }, (_, at) => {
        const replaced = pixels.includes(Math.floor(at / channels));
        if (!replaced) return own[image * size + at];
        return donor === 0.25 ? donor : given[donor * size + at];
      }),
    );
    expect(Array.from(values)).toEqual(slow);
  }
  tf.dispose([images, donors]);
});
