/**
 * Maps from the scores of masked copies, in blocks of bounded size whatever the number of copies.
 *
 * Copies are packed into blocks of ROWS image by image, across images where need be: the network sees
 * full blocks for one image with many copies as for many images with few. One block and the images it
 * touches live at a time; between blocks the loop gives way to the event loop, which brings the abort.
 */
import { setImmediate } from 'node:timers/promises';
import { type LogitsNetwork, type Objective, type Stream, tf } from 'attribench';
import { type Batch, ROWS } from './samples.ts';

/** The part of an attribution request that perturbations need. */
export interface PerturbedRequest extends Batch {
  readonly network: LogitsNetwork;
  readonly classes: tf.Tensor1D;
  readonly streams: readonly Stream[];
}

/** How one image is perturbed, and its map made of the scores. */
export interface Explanation<Design> {
  /** How many copies, at least 1. */
  readonly copies: number;
  /** What is special to copy 0, 1, ...; called once each, in order: the only place that draws random numbers. */
  draw(copy: number): Design;
  /** Writes the copy's mask [height * width], all zero before: 1 keeps a pixel, 0 replaces it, between is a blend. */
  paint(design: Design, mask: Float32Array): void;
  /** Takes the copies' scores, in order; the mask is painted over afterwards. */
  take(score: number, design: Design, mask: Float32Array): void;
  /** [height * width], once every score is taken. */
  map(): ArrayLike<number>;
}

export interface Perturbations<Design> {
  /** What stands where the mask is 0: one value, or an image a copy, [copies, height, width, channels]. */
  readonly replacement: number | ((designs: readonly Design[]) => tf.Tensor4D);
  /** The number that the method watches. */
  readonly score: (classes: tf.Tensor1D) => Objective;
  /** The explanation of image i, which draws from its stream alone. */
  explain(image: number, stream: Stream): Explanation<Design>;
}

interface Copy<Design> {
  readonly explanation: Explanation<Design>;
  readonly design: Design;
  readonly image: number;
  readonly copy: number;
}

/** One map an image, [n, height, width, 1], from the scores of mask * image + (1 - mask) * replacement. */
export async function explainByMasks<Design>(
  request: PerturbedRequest,
  perturbations: Perturbations<Design>,
): Promise<tf.Tensor4D> {
  const [n, height, width] = request.images.shape;
  const pixels = height * width;
  const maps = new Float32Array(n * pixels);
  // One for all full blocks: a new one a block keeps the garbage collector busy.
  const full = new Float32Array(ROWS * pixels);
  for (const block of blocks(request, perturbations)) {
    request.signal.throwIfAborted();
    const masks = block.length === ROWS ? full.fill(0) : new Float32Array(block.length * pixels);
    const maskOf = (row: number) => masks.subarray(row * pixels, (row + 1) * pixels);
    block.forEach(({ explanation, design }, row) => {
      explanation.paint(design, maskOf(row));
    });
    const scores = await scoreBlock(request, perturbations, block, masks);
    block.forEach(({ explanation, design, image, copy }, row) => {
      explanation.take(scores[row] as number, design, maskOf(row));
      const done = (copy + 1) / explanation.copies;
      if (done === 1) maps.set(explanation.map(), image * pixels);
      if (row === block.length - 1) request.progress((image + done) / n);
    });
    await setImmediate();
  }
  return tf.tensor4d(maps, [n, height, width, 1]);
}

function* blocks<Design>(
  { streams, images }: PerturbedRequest,
  perturbations: Perturbations<Design>,
): Generator<Copy<Design>[]> {
  const [n] = images.shape;
  if (streams.length !== n) throw new RangeError(`[attribench] ${streams.length} streams for ${n} images`);
  let block: Copy<Design>[] = [];
  for (const [image, stream] of streams.entries()) {
    const explanation = perturbations.explain(image, stream);
    for (let copy = 0; copy < explanation.copies; copy++) {
      block.push({ explanation, design: explanation.draw(copy), image, copy });
      if (block.length < ROWS) continue;
      yield block;
      block = [];
    }
  }
  if (block.length > 0) yield block;
}

async function scoreBlock<Design>(
  { network, images, classes }: PerturbedRequest,
  { replacement, score }: Perturbations<Design>,
  block: readonly Copy<Design>[],
  masks: Float32Array,
): Promise<Float32Array> {
  const [, height, width] = images.shape;
  const scores = tf.tidy(() => {
    const explained = block.map(({ image }) => image);
    const rows = tf.tensor1d(explained, 'int32');
    const kept = tf.tensor4d(masks, [block.length, height, width, 1]);
    const other = typeof replacement === 'number' ? replacement : replacement(block.map(({ design }) => design));
    const copies = tf.add<tf.Tensor4D>(tf.mul(tf.gather(images, rows), kept), tf.mul(other, tf.sub(1, kept)));
    return score(tf.gather(classes, rows))(network.logits(copies));
  });
  try {
    return await scores.data<'float32'>();
  } finally {
    scores.dispose();
  }
}
