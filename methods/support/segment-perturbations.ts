/**
 * Maps from the scores of copies that keep some segments of an image and have others replaced.
 *
 * Where the network begins with a dense layer, what each segment adds to its outputs is computed once, and a copy's
 * outputs are sums of those: one of a small network's large products is saved at each copy. Elsewhere the copies are
 * painted.
 */
import { type DenseParts, type DenseStem, type Objective, type Stream, tf } from 'attribench';
import {
  type Copies,
  type Copy,
  explainByCopies,
  explainByMasks,
  type PerturbedRequest,
  rowsOf,
} from './perturbations.ts';
import { ROWS } from './samples.ts';
import { allBut, paintSegments, type Segmentation } from './segments.ts';

interface SegmentCopies<Design> extends Copies<Design> {
  readonly segments: Segmentation;
  take(score: number, design: Design): void;
}

/** Copies that keep a coalition of segments: 1 for one that is kept, 0 for one that is replaced. */
interface CoalitionCopies<Design> extends SegmentCopies<Design> {
  kept(design: Design): Uint8Array;
}

/** Copies of which one segment is replaced, or none: -1. */
interface ExchangeCopies<Design> extends SegmentCopies<Design> {
  replaced(design: Design): number;
}

/** How the segments of one image are replaced, and its map made of the scores. */
export type SegmentExplanation<Design> = CoalitionCopies<Design> | ExchangeCopies<Design>;

/** Images that a replaced segment is taken from. */
export interface Donors<Design> {
  readonly images: tf.Tensor4D;
  /** Index of the copy's. */
  of(design: Design): number;
}

interface Scored {
  /** The number that the method watches. */
  readonly score: (classes: tf.Tensor1D) => Objective;
}

/** Explanations draw from their image's stream alone. */
export type SegmentPerturbations<Design> = Scored &
  (
    | {
        /** The value that stands on replaced segments. */
        readonly replacement: number;
        explain(image: number, stream: Stream): SegmentExplanation<Design>;
      }
    | { readonly replacement: Donors<Design>; explain(image: number, stream: Stream): ExchangeCopies<Design> }
  );

/** Copies in a block, as outputs of a dense layer, of which there are fewer than an image's worth of inner values. */
const OUTPUT_ROWS = 4 * ROWS;

/** One map an image: [n, height, width, 1]. */
export async function explainBySegments<Design>(
  request: PerturbedRequest,
  perturbations: SegmentPerturbations<Design>,
): Promise<tf.Tensor4D> {
  const { denseStem } = request.network;
  if (denseStem === undefined) return explainByPaint(request, perturbations);
  const sums = new PartSums(request, denseStem, perturbations);
  try {
    return await explainByCopies<Design, SegmentExplanation<Design>>(
      request,
      (image, stream) => perturbations.explain(image, stream),
      (block) => sums.scores(block),
      OUTPUT_ROWS,
    );
  } finally {
    sums.dispose();
  }
}

function explainByPaint<Design>(
  request: PerturbedRequest,
  { replacement, score, explain }: SegmentPerturbations<Design>,
): Promise<tf.Tensor4D> {
  const given = (designs: readonly Design[], { images, of }: Donors<Design>) =>
    tf.gather(images, tf.tensor1d(Int32Array.from(designs, of), 'int32'));
  return explainByMasks<Design>(request, {
    replacement: typeof replacement === 'number' ? replacement : (designs) => given(designs, replacement),
    score,
    explain: (image, stream) => {
      const explanation = explain(image, stream);
      const { segments, copies } = explanation;
      return {
        copies,
        draw: (copy) => explanation.draw(copy),
        paint: (design, mask) => {
          const kept =
            'kept' in explanation ? explanation.kept(design) : allBut(segments, explanation.replaced(design));
          paintSegments(segments, kept, mask);
        },
        take: (value, design) => explanation.take(value, design),
        map: () => explanation.map(),
      };
    },
  });
}

type SegmentCopy<Design> = Copy<Design, SegmentExplanation<Design>>;

/** A segmentation's sets of pixels, and what donors would add: of each donor and segment, [donors * count, units]. */
interface Parted {
  readonly parts: DenseParts;
  readonly donated: tf.Tensor2D | undefined;
}

/** Of an image: its own outputs [1, units], and what each segment has more in them than its replacement, [count, units]. */
interface Added {
  readonly whole: tf.Tensor2D;
  readonly parts: tf.Tensor2D;
}

/** The outputs of a dense stem for blocks of copies; at any time it holds the parts of the images of one block. */
class PartSums<Design> {
  readonly #request: PerturbedRequest;
  readonly #stem: DenseStem;
  readonly #score: Scored['score'];
  readonly #value: number;
  readonly #donors: Donors<Design> | undefined;
  /** The outputs of the image that has nothing but the replacing value: [1, units]. */
  readonly #base: tf.Tensor2D;
  /** By segmentation, as long as an image of the block has it: all images may share one. */
  readonly #parted = new Map<Segmentation, Parted>();
  readonly #added = new Map<number, Added>();

  constructor(request: PerturbedRequest, stem: DenseStem, { replacement, score }: SegmentPerturbations<Design>) {
    this.#request = request;
    this.#stem = stem;
    this.#score = score;
    [this.#value, this.#donors] = typeof replacement === 'number' ? [replacement, undefined] : [0, replacement];
    const [, ...shape] = request.images.shape;
    this.#base = tf.tidy(() => stem.outputs(tf.fill([1, ...shape], this.#value)));
  }

  scores(block: readonly SegmentCopy<Design>[]): tf.Tensor1D {
    this.#prepare(block);
    return tf.tidy(() => {
      const outputs = runsOf(block).map((run) => this.#outputs(run));
      const classes = tf.gather(this.#request.classes, rowsOf(block));
      return this.#score(classes)(this.#stem.logitsOf(tf.concat2d(outputs, 0))) as tf.Tensor1D;
    });
  }

  dispose(): void {
    this.#prepare([]);
    this.#base.dispose();
  }

  /** Of copies of one image: [copies, units]. */
  #outputs(run: readonly SegmentCopy<Design>[]): tf.Tensor2D {
    const [{ image, explanation }] = run as [SegmentCopy<Design>];
    const { count } = explanation.segments;
    const { whole, parts } = this.#added.get(image) as Added;
    if ('kept' in explanation) {
      const coalitions = new Float32Array(run.length * count);
      for (const [row, { design }] of run.entries()) coalitions.set(explanation.kept(design), row * count);
      return tf.add(this.#base, tf.matMul(tf.tensor2d(coalitions, [run.length, count]), parts));
    }
    const replaced = run.map(({ design }) => explanation.replaced(design));
    const segments = replaced.map((segment) => Math.max(0, segment));
    const rows = (places: readonly number[]) => tf.tensor1d(Int32Array.from(places), 'int32');
    let lost = tf.gather(parts, rows(segments));
    const donors = this.#donors;
    const donated = this.#parted.get(explanation.segments)?.donated;
    if (donors !== undefined && donated !== undefined) {
      const places = run.map(({ design }, row) => donors.of(design) * count + (segments[row] as number));
      lost = tf.sub(lost, tf.gather(donated, rows(places)));
    }
    if (replaced.includes(-1)) {
      // What has nothing replaced lost segment 0 above.
      const changed = Float32Array.from(replaced, (segment) => (segment < 0 ? 0 : 1));
      lost = tf.mul(lost, tf.tensor2d(changed, [run.length, 1]));
    }
    return tf.sub(whole, lost);
  }

  /** Makes the parts that a block needs and drops those that it does not. */
  #prepare(block: readonly SegmentCopy<Design>[]): void {
    const bySegments = new Map<Segmentation, Set<number>>();
    for (const { image, explanation } of block) {
      const images = bySegments.get(explanation.segments) ?? new Set();
      bySegments.set(explanation.segments, images.add(image));
    }
    const needed = new Set([...bySegments.values()].flatMap((images) => [...images]));
    for (const [image, added] of this.#added) {
      if (needed.has(image)) continue;
      tf.dispose({ ...added });
      this.#added.delete(image);
    }
    for (const [segments, { parts, donated }] of this.#parted) {
      if (bySegments.has(segments)) continue;
      parts.dispose();
      donated?.dispose();
      this.#parted.delete(segments);
    }
    for (const [segments, images] of bySegments) {
      const { parts } = this.#partedBy(segments);
      const missing = [...images].filter((image) => !this.#added.has(image));
      if (missing.length > 0) this.#add(parts, missing);
    }
  }

  #partedBy(segments: Segmentation): Parted {
    const known = this.#parted.get(segments);
    if (known !== undefined) return known;
    const parts = this.#stem.parts(pixelsOf(segments));
    const donors = this.#donors;
    const donated = donors && tf.tidy(() => rowsOfParts(parts.of(donors.images)));
    this.#parted.set(segments, { parts, donated });
    return { parts, donated };
  }

  #add(parts: DenseParts, images: readonly number[]): void {
    const added = tf.tidy(() => {
      const chosen = tf.gather(this.#request.images, tf.tensor1d([...images], 'int32'));
      const more = parts.of(tf.sub(chosen, this.#value));
      // All segments together: by a product the layer's whole kernel would be read for a few images.
      const wholes = tf.split(tf.add(tf.sum(more, 1), this.#base), images.length) as tf.Tensor2D[];
      const byImage = tf.unstack(more) as tf.Tensor2D[];
      return wholes.map((whole, i) => ({ whole, parts: byImage[i] as tf.Tensor2D }));
    });
    for (const [i, image] of images.entries()) this.#added.set(image, added[i] as Added);
  }
}

/** What the segments of images add, [n, count, units], as rows. */
function rowsOfParts(parts: tf.Tensor3D): tf.Tensor2D {
  const [n, count, units] = parts.shape;
  return parts.reshape([n * count, units]);
}

/** Stretches of copies of one image. */
function runsOf<Design>(block: readonly SegmentCopy<Design>[]): SegmentCopy<Design>[][] {
  const runs: SegmentCopy<Design>[][] = [];
  for (const copy of block) {
    const last = runs.at(-1);
    if (last?.[0]?.image === copy.image) last.push(copy);
    else runs.push([copy]);
  }
  return runs;
}

/** The pixels of each segment. */
function pixelsOf({ labels, count }: Segmentation): number[][] {
  const sets = Array.from({ length: count }, (): number[] => []);
  for (const [pixel, label] of labels.entries()) sets[label]?.push(pixel);
  return sets;
}
