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

/** A segmentation's sets of pixels, and what each segment of each donor adds, with a row of zeros: [donors * count + 1, units]. */
interface Parted {
  readonly parts: DenseParts;
  readonly donated: tf.Tensor2D | undefined;
}

/** What is known of the images that came into a block together, one below the other: [images * each, units]. */
interface Rows {
  readonly values: tf.Tensor2D;
  /** Rows of one image. */
  readonly each: number;
  /** The first row of each image. */
  readonly first: ReadonlyMap<number, number>;
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
  /**
   * For coalitions, what each segment has more than its replacement: `count` rows an image. For exchanges by a value, the
   * outputs of the image itself, and those without each segment: count + 1. For exchanges with donors, the outputs of the
   * image itself, zeros, and what each segment adds: count + 2.
   */
  #rows: Rows[] = [];

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
      const outputs = stretches(block, (copy) => this.#rowsOf(copy)).flatMap((part) => this.#outputs(part));
      const classes = tf.gather(this.#request.classes, rowsOf(block));
      return this.#score(classes)(this.#stem.logitsOf(tf.concat2d(outputs, 0))) as tf.Tensor1D;
    });
  }

  dispose(): void {
    this.#prepare([]);
    this.#base.dispose();
  }

  /** Of copies of images that came together: [copies, units], in one or several tensors. */
  #outputs(block: readonly SegmentCopy<Design>[]): tf.Tensor2D[] {
    const [copy] = block as [SegmentCopy<Design>];
    if ('kept' in copy.explanation || this.#donors !== undefined) {
      return stretches(block, ({ image }) => image).map((run) => this.#outputsOfOne(run));
    }
    const { values, first } = this.#rowsOf(copy);
    const places = Int32Array.from(block, ({ image, explanation, design }) => {
      const replaced = 'kept' in explanation ? -1 : explanation.replaced(design);
      return (first.get(image) as number) + 1 + replaced;
    });
    // Whole images in order are the rows as they lie.
    const inOrder = places.length === values.shape[0] && places.every((place, row) => place === row);
    return [inOrder ? values : tf.gather(values, tf.tensor1d(places, 'int32'))];
  }

  /** Of copies of one image, which keep a coalition or are given segments of donors. */
  #outputsOfOne(run: readonly SegmentCopy<Design>[]): tf.Tensor2D {
    const [copy] = run as [SegmentCopy<Design>];
    const { image, explanation } = copy;
    const { count } = explanation.segments;
    const { values, each, first } = this.#rowsOf(copy);
    const start = first.get(image) as number;
    if ('kept' in explanation) {
      const coalitions = new Float32Array(run.length * count);
      for (const [row, { design }] of run.entries()) coalitions.set(explanation.kept(design), row * count);
      const rows = tf.slice2d(values, [start, 0], [each, -1]);
      return tf.add(this.#base, tf.matMul(tf.tensor2d(coalitions, [run.length, count]), rows));
    }
    const donors = this.#donors;
    const donated = this.#parted.get(explanation.segments)?.donated;
    if (donors === undefined || donated === undefined) throw new Error('[attribench] an exchange without donors');
    const replaced = run.map(({ design }) => explanation.replaced(design));
    const chosen = (from: tf.Tensor2D, place: (segment: number, row: number) => number) =>
      tf.gather(from, tf.tensor1d(Int32Array.from(replaced, place), 'int32'));
    const own = chosen(values, (segment) => start + 2 + segment);
    const nothing = donated.shape[0] - 1;
    const of = (row: number) => donors.of((run[row] as SegmentCopy<Design>).design);
    const given = chosen(donated, (segment, row) => (segment < 0 ? nothing : of(row) * count + segment));
    // In this order, so that an exchange of equals changes nothing.
    return tf.add(tf.slice2d(values, [start, 0], [1, -1]), tf.sub(given, own));
  }

  #rowsOf({ image }: SegmentCopy<Design>): Rows {
    return this.#rows.find(({ first }) => first.has(image)) as Rows;
  }

  /** Makes the parts that a block needs and drops those that it does not. */
  #prepare(block: readonly SegmentCopy<Design>[]): void {
    const bySegments = new Map<Segmentation, Map<number, SegmentExplanation<Design>>>();
    for (const { image, explanation } of block) {
      const images = bySegments.get(explanation.segments) ?? new Map();
      bySegments.set(explanation.segments, images.set(image, explanation));
    }
    const images = new Set(block.map(({ image }) => image));
    this.#rows = this.#rows.filter(({ values, first }) => {
      const needed = [...first.keys()].some((image) => images.has(image));
      if (!needed) values.dispose();
      return needed;
    });
    for (const [segments, { parts, donated }] of this.#parted) {
      if (bySegments.has(segments)) continue;
      parts.dispose();
      donated?.dispose();
      this.#parted.delete(segments);
    }
    for (const [segments, images] of bySegments) {
      const { parts } = this.#partedBy(segments);
      const missing = [...images].filter(([image]) => !this.#rows.some(({ first }) => first.has(image)));
      if (missing.length > 0) this.#add(parts, missing);
    }
  }

  #partedBy(segments: Segmentation): Parted {
    const known = this.#parted.get(segments);
    if (known !== undefined) return known;
    const parts = this.#stem.parts(pixelsOf(segments));
    const donors = this.#donors;
    const donated =
      donors &&
      tf.tidy(() => {
        const more = parts.of(donors.images);
        const [n, count, units] = more.shape;
        return tf.concat2d([tf.reshape(more, [n * count, units]), tf.zeros([1, units])], 0);
      });
    this.#parted.set(segments, { parts, donated });
    return { parts, donated };
  }

  #add(parts: DenseParts, images: readonly (readonly [number, SegmentExplanation<Design>])[]): void {
    const { values, each } = tf.tidy(() => {
      const rows = Int32Array.from(images, ([image]) => image);
      const chosen = tf.gather(this.#request.images, tf.tensor1d(rows, 'int32'));
      const more = parts.of(tf.sub(chosen, this.#value));
      const flat = (found: tf.Tensor3D) => ({
        values: tf.reshape<tf.Rank.R2>(found, [-1, more.shape[2]]),
        each: found.shape[1],
      });
      if (images.some(([, explanation]) => 'kept' in explanation)) return flat(more);
      // All segments together: by a product the layer's whole kernel would be read for a few images.
      const whole = tf.add(tf.sum(more, 1, true), this.#base);
      const parted = this.#donors === undefined ? [whole, tf.sub(whole, more)] : [whole, tf.zerosLike(whole), more];
      return flat(tf.concat(parted as tf.Tensor3D[], 1));
    });
    this.#rows.push({ values, each, first: new Map(images.map(([image], i) => [image, i * each])) });
  }
}

/** Stretches of a block whose copies share something. */
function stretches<Design>(
  block: readonly SegmentCopy<Design>[],
  shared: (copy: SegmentCopy<Design>) => unknown,
): SegmentCopy<Design>[][] {
  const found: SegmentCopy<Design>[][] = [];
  for (const copy of block) {
    const last = found.at(-1);
    if (last?.[0] !== undefined && shared(last[0]) === shared(copy)) last.push(copy);
    else found.push([copy]);
  }
  return found;
}

/** The pixels of each segment. */
function pixelsOf({ labels, count }: Segmentation): number[][] {
  const sets = Array.from({ length: count }, (): number[] => []);
  for (const [pixel, label] of labels.entries()) sets[label]?.push(pixel);
  return sets;
}
