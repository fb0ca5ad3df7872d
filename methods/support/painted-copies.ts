/**
 * Copies of images with some pixels replaced, written number by number before the engine gets them.
 *
 * A mask that is 0 or 1 everywhere would cost the engine four passes over the copies for the same numbers.
 */
import { tf } from 'attribench';

export class PaintedCopies {
  readonly #images: Float32Array;
  readonly #shape: readonly [height: number, width: number, channels: number];
  readonly #size: number;
  /** One for all blocks: a new one a block keeps the garbage collector busy. */
  readonly #copies: Float32Array;

  private constructor(images: Float32Array, shape: readonly [number, number, number], rows: number) {
    this.#images = images;
    this.#shape = shape;
    this.#size = shape[0] * shape[1] * shape[2];
    this.#copies = new Float32Array(rows * this.#size);
  }

  /** For blocks of so many copies at most. */
  static async of(images: tf.Tensor4D, rows: number): Promise<PaintedCopies> {
    const [, ...shape] = images.shape;
    return new PaintedCopies((await images.data<'float32'>()) as Float32Array, shape, rows);
  }

  /** Makes a row of the block an image as it is. */
  copy(row: number, image: number): void {
    const size = this.#size;
    this.#copies.set(this.#images.subarray(image * size, (image + 1) * size), row * size);
  }

  /** Replaces pixels y * width + x of a row, in all channels, by a value or by those of an image [height * width * channels]. */
  replace(row: number, pixels: readonly number[], by: number | Float32Array): void {
    const [, , channels] = this.#shape;
    const first = row * this.#size;
    for (const pixel of pixels) {
      for (let at = pixel * channels; at < (pixel + 1) * channels; at++) {
        this.#copies[first + at] = typeof by === 'number' ? by : (by[at] as number);
      }
    }
  }

  /** The first rows, [rows, height, width, channels]; to be used and disposed before one is written again. */
  tensor(rows: number): tf.Tensor4D {
    return tf.tensor4d(this.#copies.subarray(0, rows * this.#size), [rows, ...this.#shape]);
  }
}
