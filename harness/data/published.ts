/**
 * Splits of a data set that was published in two parts: training images stay training images.
 *
 * Training and validation images are drawn from the published training images, test images from the
 * published test images, each class in its own proportion. Classes are dealt out evenly, so the images
 * of a small training split are among those of a larger one of the same seed.
 */
import type { DatasetContent, ImageShape, Split } from '../contracts.ts';
import { UsageError } from '../errors.ts';
import type { Stream } from '../random.ts';
import { indicesByClass, type SplitIndices } from './split.ts';

/** How many images each split gets. */
export interface SplitCounts {
  readonly train: number;
  readonly validation: number;
  readonly test: number;
}

/** The published labels of both parts, [n] class indices each. */
export interface PublishedLabels {
  readonly train: ArrayLike<number>;
  readonly test: ArrayLike<number>;
}

/** Bytes [n, height, width, channels] with their labels [n]. */
interface Labelled {
  readonly images: Uint8Array;
  readonly labels: ArrayLike<number>;
}

/**
 * Indices of each split: train and validation into the published training part, test into the test part.
 *
 * Errors: UsageError where more images are asked for than there are, or a label is no class.
 */
export function publishedIndices(
  labels: PublishedLabels,
  classes: readonly string[],
  counts: SplitCounts,
  stream: Stream,
): SplitIndices {
  const { train, validation, test } = counts;
  for (const [name, count] of Object.entries({ train, validation, test })) {
    if (!Number.isInteger(count) || count < 1)
      throw new UsageError(`[attribench] split ${name} has ${count} images, expected an integer from 1`);
  }
  const require = (asked: number, what: string, of: number) => {
    if (asked > of)
      throw new UsageError(`[attribench] ${asked} ${what} images are asked for, but ${of} were published`);
  };
  require(train + validation, 'training and validation', labels.train.length);
  require(test, 'test', labels.test.length);
  const training = dealt(labels.train, classes, stream.derive('published', 'train'));
  const testing = dealt(labels.test, classes, stream.derive('published', 'test'));
  const shuffled = (indices: readonly number[], name: string) =>
    Uint32Array.from(stream.derive('order', name).permutation(indices.length), (i) => indices[i] ?? -1);
  return {
    train: shuffled(training.slice(0, train), 'train'),
    validation: shuffled(training.slice(training.length - validation), 'validation'),
    test: shuffled(testing.slice(0, test), 'test'),
  };
}

/** A data set of bytes without masks, drawn from its published parts. Errors: those of publishedIndices. */
export function drawPublished(
  published: {
    readonly shape: ImageShape;
    readonly classes: readonly string[];
    readonly train: Labelled;
    readonly test: Labelled;
  },
  counts: SplitCounts,
  stream: Stream,
): DatasetContent {
  const { shape, classes, train, test } = published;
  const size = shape[0] * shape[1] * shape[2];
  const indices = publishedIndices({ train: train.labels, test: test.labels }, classes, counts, stream);
  const take = (part: Labelled, chosen: Uint32Array): Split => {
    const images = new Uint8Array(chosen.length * size);
    chosen.forEach((from, to) => {
      images.set(part.images.subarray(from * size, (from + 1) * size), to * size);
    });
    return { images, labels: Int32Array.from(chosen, (i) => part.labels[i] ?? -1) };
  };
  const splits = {
    train: take(train, indices.train),
    validation: take(train, indices.validation),
    test: take(test, indices.test),
  };
  return { shape, classes, bounds: { low: 0, high: 1 }, splits };
}

/**
 * All indices in an order of which every prefix, and every suffix, holds each class in its proportion.
 *
 * The i-th of a class's n images, in random order, stands at (i + 1/2) / n; equal places go by class.
 */
function dealt(labels: ArrayLike<number>, classes: readonly string[], stream: Stream): number[] {
  const members = indicesByClass(labels, classes);
  const placed = members.flatMap((list, label) => {
    const order = stream.derive(label).permutation(list.length);
    return Array.from(order, (from, i) => ({ index: list[from] ?? -1, place: (i + 0.5) / list.length }));
  });
  return placed.sort((a, b) => a.place - b.place).map(({ index }) => index);
}
