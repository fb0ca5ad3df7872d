/**
 * Maps from the scores of perturbed copies, in blocks of bounded size whatever the number of copies.
 *
 * One block and the images it touches live at a time; between blocks the loop gives way to the event loop, which brings
 * the abort.
 */
import { setImmediate } from 'node:timers/promises';
import { type LogitsNetwork, type Objective, type Stream, tf } from 'attribench';
import { type Batch, rowsFor } from './samples.ts';

/** The part of an attribution request that perturbations need. */
export interface PerturbedRequest extends Batch {
  readonly network: LogitsNetwork;
  readonly classes: tf.Tensor1D;
  readonly streams: readonly Stream[];
}

/** How one image is perturbed, and its map made of the scores. */
export interface Copies<Design> {
  /** How many copies, at least 1. */
  readonly copies: number;
  /** What is special to copy 0, 1, ...; called once each, in order: the only place that draws random numbers. */
  draw(copy: number): Design;
  /** Takes the copies' scores, in order; `row` is the copy's place in its block. */
  take(score: number, design: Design, row: number): void;
  /** [height * width], once every score is taken. */
  map(): ArrayLike<number>;
}

/** A copy in a block: of which image, and what is special to it. */
export interface Copy<Design, Explanation> {
  readonly explanation: Explanation;
  readonly design: Design;
  readonly image: number;
  readonly copy: number;
}

/** One map an image, [n, height, width, 1], from what `scoresOf` finds of the copies, block by block. */
export async function explainByCopies<Design, Explanation extends Copies<Design>>(
  request: PerturbedRequest,
  explain: (image: number, stream: Stream) => Explanation,
  scoresOf: (block: readonly Copy<Design, Explanation>[]) => tf.Tensor1D,
): Promise<tf.Tensor4D> {
  const [n, height, width] = request.images.shape;
  const pixels = height * width;
  const maps = new Float32Array(n * pixels);
  for (const block of blocks<Design, Explanation>(request, explain)) {
    request.signal.throwIfAborted();
    const found = scoresOf(block);
    const scores = await found.data<'float32'>().finally(() => found.dispose());
    block.forEach(({ explanation, design, image, copy }, row) => {
      explanation.take(scores[row] as number, design, row);
      const done = (copy + 1) / explanation.copies;
      if (done === 1) maps.set(explanation.map(), image * pixels);
      if (row === block.length - 1) request.progress((image + done) / n);
    });
    await setImmediate();
  }
  return tf.tensor4d(maps, [n, height, width, 1]);
}

/**
 * Copies of whole images, as many as fit; an image of more copies has blocks of its own, of equal sizes to one.
 *
 * A library may choose another order of summation for another number of rows: an image's copies are compared with each
 * other, and those that are equal must score equally.
 */
function* blocks<Design, Explanation extends Copies<Design>>(
  { network, streams, images }: PerturbedRequest,
  explain: (image: number, stream: Stream) => Explanation,
): Generator<Copy<Design, Explanation>[]> {
  const [n] = images.shape;
  const rows = rowsFor(network);
  if (streams.length !== n) throw new RangeError(`[attribench] ${streams.length} streams for ${n} images`);
  let block: Copy<Design, Explanation>[] = [];
  for (const [image, stream] of streams.entries()) {
    const explanation = explain(image, stream);
    const { copies } = explanation;
    if (block.length > 0 && block.length + copies > rows) {
      yield block;
      block = [];
    }
    const own = Math.ceil(copies / rows);
    for (let copy = 0; copy < copies; copy++) {
      block.push({ explanation, design: explanation.draw(copy), image, copy });
      const ended = Math.floor(((copy + 1) * own) / copies) > Math.floor((copy * own) / copies);
      if (own > 1 && ended) {
        yield block;
        block = [];
      }
    }
  }
  if (block.length > 0) yield block;
}

/** How one image is masked, and its map made of the scores. */
export interface Explanation<Design> extends Omit<Copies<Design>, 'take'> {
  /** Writes the copy's mask [height * width], all zero before: 1 keeps a pixel, 0 replaces it, between is a blend. */
  paint(design: Design, mask: Float32Array): void;
  /** Takes the copies' scores, in order; the mask is painted over afterwards. */
  take(score: number, design: Design, mask: Float32Array): void;
}

export interface Perturbations<Design> {
  /** The value that stands where the mask is 0. */
  readonly replacement: number;
  /** The number that the method watches. */
  readonly score: (classes: tf.Tensor1D) => Objective;
  /** The explanation of image i, which draws from its stream alone. */
  explain(image: number, stream: Stream): Explanation<Design>;
}

/** One map an image, [n, height, width, 1], from the scores of mask * image + (1 - mask) * replacement. */
export function explainByMasks<Design>(
  request: PerturbedRequest,
  { replacement, score, explain }: Perturbations<Design>,
): Promise<tf.Tensor4D> {
  const { network, images, classes } = request;
  const [, height, width] = images.shape;
  const pixels = height * width;
  // One for all blocks: a new one a block keeps the garbage collector busy.
  const masks = new Float32Array(rowsFor(network) * pixels);
  const maskOf = (row: number) => masks.subarray(row * pixels, (row + 1) * pixels);
  const explained = (image: number, stream: Stream) => {
    const { paint, take, ...rest } = explain(image, stream);
    return { ...rest, paint, take: (value: number, design: Design, row: number) => take(value, design, maskOf(row)) };
  };
  return explainByCopies<Design, ReturnType<typeof explained>>(request, explained, (block) => {
    const own = masks.subarray(0, block.length * pixels).fill(0);
    block.forEach(({ explanation, design }, row) => {
      explanation.paint(design, maskOf(row));
    });
    return tf.tidy(() => {
      const rows = rowsOf(block);
      const kept = tf.tensor4d(own, [block.length, height, width, 1]);
      const copies = tf.add<tf.Tensor4D>(tf.mul(tf.gather(images, rows), kept), tf.mul(replacement, tf.sub(1, kept)));
      return score(tf.gather(classes, rows))(network.logits(copies)) as tf.Tensor1D;
    });
  });
}

/** Of each copy in a block, the image's index. */
export function rowsOf(block: readonly { readonly image: number }[]): tf.Tensor1D {
  return tf.tensor1d(
    block.map(({ image }) => image),
    'int32',
  );
}
