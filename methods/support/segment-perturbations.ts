/**
 * Maps from the scores of copies that keep some segments of an image and have others replaced.
 *
 * Where the network begins with a dense layer, what each segment adds to its outputs is computed once, and a copy's
 * outputs are sums of those: one of a small network's large products is saved at each copy. Elsewhere the copies are
 * painted.
 */
import { type DenseParts, type DenseStem, type Objective, type Stream, tf } from 'attribench';
import { PaintedCopies } from './painted-copies.ts';
import { type Copies, type Copy, explainByCopies, type PerturbedRequest, rowsOf } from './perturbations.ts';
import { rowsFor } from './samples.ts';
import type { Segmentation } from './segments.ts';

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

async function explainByPaint<Design>(
  request: PerturbedRequest,
  { replacement, score, explain }: SegmentPerturbations<Design>,
): Promise<tf.Tensor4D> {
  const { network, images, classes } = request;
  const copies = await PaintedCopies.of(images, rowsFor(network));
  const replacing = await replacingBy(replacement);
  const pixels = new WeakMap<Segmentation, readonly (readonly number[])[]>();
  return explainByCopies<Design, SegmentExplanation<Design>>(request, explain, (block) => {
    for (const [row, { image, explanation, design }] of block.entries()) {
      const { segments } = explanation;
      const sets = pixels.get(segments) ?? pixelsOf(segments);
      pixels.set(segments, sets);
      copies.copy(row, image);
      for (const segment of replacedIn(explanation, design)) {
        copies.replace(row, sets[segment] as readonly number[], replacing(design));
      }
    }
    return tf.tidy(
      () => score(tf.gather(classes, rowsOf(block)))(network.logits(copies.tensor(block.length))) as tf.Tensor1D,
    );
  });
}

/** What stands on a copy's replaced segments: a value, or a donor's [height * width * channels]. */
async function replacingBy<Design>(
  replacement: number | Donors<Design>,
): Promise<(design: Design) => number | Float32Array> {
  if (typeof replacement === 'number') return () => replacement;
  const { images, of } = replacement;
  const values = (await images.data<'float32'>()) as Float32Array;
  const size = images.size / images.shape[0];
  return (design) => values.subarray(of(design) * size, (of(design) + 1) * size);
}

function replacedIn<Design>(explanation: SegmentExplanation<Design>, design: Design): readonly number[] {
  if ('replaced' in explanation) {
    const segment = explanation.replaced(design);
    return segment < 0 ? [] : [segment];
  }
  const replaced: number[] = [];
  for (const [segment, kept] of explanation.kept(design).entries()) if (kept === 0) replaced.push(segment);
  return replaced;
}

type SegmentCopy<Design> = Copy<Design, SegmentExplanation<Design>>;

/** A segmentation's sets of pixels, none before the first, and what they add in each donor: [(1 + count) * donors, units]. */
interface Parted {
  readonly parts: DenseParts;
  readonly donated: tf.Tensor2D | undefined;
}

/** What is known of the images that came into a block together. */
interface Rows {
  /** For no segment and for each one of all images: [(1 + count) * images, units]. */
  readonly values: tf.Tensor2D;
  /** Whether the values are the outputs of images without a segment, or what a segment adds to them. */
  readonly are: 'outputs' | 'parts';
  /** Of parts that are exchanged with donors', the images' own outputs: [images, units]. */
  readonly whole: tf.Tensor2D | undefined;
  /** By image, its place among the images. */
  readonly images: ReadonlyMap<number, number>;
}

/** The outputs of a dense stem for blocks of copies; at any time it holds the parts of the images of one block. */
class PartSums<Design> {
  readonly #request: PerturbedRequest;
  readonly #stem: DenseStem;
  readonly #score: Scored['score'];
  readonly #value: number;
  readonly #donors: Donors<Design> | undefined;
  /** By segmentation, as long as an image of the block has it: all images may share one. */
  readonly #parted = new Map<Segmentation, Parted>();
  /** Outputs for exchanges by a value; for exchanges with donors and coalitions parts, of images less the value. */
  #rows: Rows[] = [];
  /** The outputs of the image that has nothing but the replacing value: [1, units]; made where they are needed. */
  #base: tf.Tensor2D | undefined;

  constructor(request: PerturbedRequest, stem: DenseStem, { replacement, score }: SegmentPerturbations<Design>) {
    this.#request = request;
    this.#stem = stem;
    this.#score = score;
    [this.#value, this.#donors] = typeof replacement === 'number' ? [replacement, undefined] : [0, replacement];
  }

  scores(block: readonly SegmentCopy<Design>[]): tf.Tensor1D {
    this.#prepare(block);
    return tf.tidy(() => {
      const scored = (copies: readonly SegmentCopy<Design>[], outputs: tf.Tensor2D) =>
        this.#score(tf.gather(this.#request.classes, rowsOf(copies)))(this.#stem.logitsOf(outputs)) as tf.Tensor1D;
      const [rows] = this.#rows as [Rows, ...Rows[]];
      if (rows.are !== 'outputs' || rows.values.shape[0] !== block.length) {
        const outputs = stretches(block, (copy) => this.#rowsOf(copy)).flatMap((part) => this.#outputs(part));
        return scored(block, tf.concat2d(outputs, 0));
      }
      // Whole images that came together: the outputs as they lie, and the scores in order.
      const places = placesAmong(rows, block);
      const copies = new Array<SegmentCopy<Design>>(block.length);
      for (const [at, copy] of block.entries()) copies[places[at] as number] = copy;
      return tf.gather(scored(copies, rows.values), tf.tensor1d(places, 'int32'));
    });
  }

  dispose(): void {
    this.#prepare([]);
    this.#base?.dispose();
  }

  /** Of copies of images that came together: [copies, units], in one or several tensors. */
  #outputs(block: readonly SegmentCopy<Design>[]): tf.Tensor2D[] {
    const rows = this.#rowsOf(block[0] as SegmentCopy<Design>);
    if (rows.are === 'outputs') return [tf.gather(rows.values, tf.tensor1d(placesAmong(rows, block), 'int32'))];
    return stretches(block, ({ image }) => image).map((run) => this.#outputsOfOne(rows, run));
  }

  /** Of copies of one image, which keep a coalition or are given segments of donors. */
  #outputsOfOne({ values, whole, images }: Rows, run: readonly SegmentCopy<Design>[]): tf.Tensor2D {
    const [{ image, explanation }] = run as [SegmentCopy<Design>];
    const { count } = explanation.segments;
    const place = images.get(image) as number;
    if ('kept' in explanation) {
      // What all have comes first, and is added by the same product.
      const coalitions = new Float32Array(run.length * (1 + count));
      for (const [row, { design }] of run.entries()) {
        coalitions[row * (1 + count)] = 1;
        coalitions.set(explanation.kept(design), row * (1 + count) + 1);
      }
      const ofAll = values.reshape<tf.Tensor3D>([1 + count, images.size, -1]);
      const parts = tf.slice3d(ofAll, [1, place, 0], [-1, 1, -1]).reshape<tf.Tensor2D>([count, -1]);
      return tf.matMul(tf.tensor2d(coalitions, [run.length, 1 + count]), tf.concat2d([this.#baseline(), parts], 0));
    }
    const donors = this.#donors;
    const donated = this.#parted.get(explanation.segments)?.donated;
    if (donors === undefined || donated === undefined || whole === undefined) {
      throw new Error('[attribench] an exchange without donors');
    }
    const chosen = (from: tf.Tensor2D, images: number, of: (design: Design) => number) => {
      const rows = Int32Array.from(run, ({ design }) => (1 + explanation.replaced(design)) * images + of(design));
      return tf.gather(from, tf.tensor1d(rows, 'int32'));
    };
    const own = chosen(values, images.size, () => place);
    const given = chosen(donated, donors.images.shape[0], (design) => donors.of(design));
    // In this order, so that an exchange of equals changes nothing.
    return tf.add(tf.slice2d(whole, [place, 0], [1, -1]), tf.sub(given, own));
  }

  #baseline(): tf.Tensor2D {
    const [, ...shape] = this.#request.images.shape;
    this.#base ??= tf.keep(this.#stem.outputs(tf.fill([1, ...shape], this.#value)));
    return this.#base;
  }

  #rowsOf({ image }: SegmentCopy<Design>): Rows {
    return this.#rows.find(({ images }) => images.has(image)) as Rows;
  }

  /** Makes the parts that a block needs and drops those that it does not. */
  #prepare(block: readonly SegmentCopy<Design>[]): void {
    const bySegments = new Map<Segmentation, Map<number, SegmentExplanation<Design>>>();
    for (const { image, explanation } of block) {
      const images = bySegments.get(explanation.segments) ?? new Map();
      bySegments.set(explanation.segments, images.set(image, explanation));
    }
    const needed = new Set(block.map(({ image }) => image));
    this.#rows = this.#rows.filter(({ values, whole, images }) => {
      const kept = [...images.keys()].some((image) => needed.has(image));
      if (!kept) tf.dispose([values, whole]);
      return kept;
    });
    for (const [segments, { parts, donated }] of this.#parted) {
      if (bySegments.has(segments)) continue;
      parts.dispose();
      donated?.dispose();
      this.#parted.delete(segments);
    }
    for (const [segments, images] of bySegments) {
      const { parts } = this.#partedBy(segments);
      const missing = [...images].filter(([image]) => !this.#rows.some(({ images: known }) => known.has(image)));
      if (missing.length > 0) this.#rows.push(this.#newRows(parts, missing));
    }
  }

  #partedBy(segments: Segmentation): Parted {
    const known = this.#parted.get(segments);
    if (known !== undefined) return known;
    const parts = this.#stem.parts([[], ...pixelsOf(segments)]);
    const donors = this.#donors;
    const donated = donors && tf.tidy((): tf.Tensor2D => flat(parts.of(donors.images)));
    this.#parted.set(segments, { parts, donated });
    return { parts, donated };
  }

  #newRows(parts: DenseParts, missing: readonly (readonly [number, SegmentExplanation<Design>])[]): Rows {
    const images = missing.map(([image]) => image);
    const exchanged = this.#donors !== undefined;
    const are = exchanged || missing.some(([, explanation]) => 'kept' in explanation) ? 'parts' : 'outputs';
    const { values, whole } = tf.tidy(() => {
      const chosen = tf.gather(this.#request.images, tf.tensor1d(images, 'int32'));
      const more = parts.of(tf.sub(chosen, this.#value));
      if (are === 'parts') return { values: flat(more), whole: exchanged ? this.#stem.outputs(chosen) : undefined };
      const without = tf.sub<tf.Tensor3D>(this.#stem.outputs(chosen).expandDims(0), more);
      return { values: flat(without), whole: undefined };
    });
    return { values, whole, are, images: new Map(images.map((image, place) => [image, place])) };
  }
}

/** [sets, images, units] to [sets * images, units]. */
const flat = (values: tf.Tensor3D) => values.reshape<tf.Tensor2D>([-1, values.shape[2]]);

/** The row of each copy, one of rows' images, that stands among the values of those. */
function placesAmong<Design>({ images }: Rows, copies: readonly SegmentCopy<Design>[]): Int32Array {
  return Int32Array.from(copies, ({ image, explanation, design }) => {
    const replaced = 'kept' in explanation ? -1 : explanation.replaced(design);
    return (1 + replaced) * images.size + (images.get(image) as number);
  });
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
