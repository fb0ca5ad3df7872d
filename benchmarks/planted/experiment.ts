/**
 * One attribution model on planted data, and retrainings on what its maps keep.
 *
 * Masks, rankings and removal are those of the benchmark itself; only the network is replaced, by a softmax
 * regression on each value, its square and its products with the neighbours to the right and below. So it can see
 * where a removed coordinate was filled in by something of another spread, or that does not fit its surroundings.
 */
import {
  type AttributionMaps,
  coordinateRanking,
  type DatasetContent,
  type Masking,
  maskedSplit,
  type Split,
  type Stream,
} from 'attribench';
import { classify, crossEntropy, fitSoftmax, type Rows } from './softmax-regression.ts';

export interface Planted {
  readonly data: DatasetContent;
  readonly maps: { readonly train: AttributionMaps; readonly test: AttributionMaps };
  readonly ties: Stream;
}

export interface Retrained {
  /** Predicted class of each test image. */
  readonly classes: Int32Array;
  /** Share of the test images that are classified rightly. */
  readonly accuracy: number;
  /** Mean cross-entropy of the test images, nats. */
  readonly loss: number;
}

/** Retrains on masked images and tests on masked images. */
export function retrain({ data, maps, ties }: Planted, masking: Masking): Retrained {
  const rank = coordinateRanking(masking.ranking, maps.train, ties);
  const masked = (split: 'train' | 'test') =>
    maskedSplit(data, split, (image) => rank(maps[split], split, image), masking, ties.derive('removed'));
  return retrainOn(data, masked('train'), masked('test'), masking.input);
}

/** Trains on one split and tests on another, both as a network would see them. */
export function retrainOn(
  { shape, classes: { length: classes } }: DatasetContent,
  train: Split,
  test: Split,
  input: Masking['input'],
): Retrained {
  const [rows, seen] = [train, test].map(({ images }) => features(images, shape[1], input)) as [Rows, Rows];
  standardise(rows, seen);
  const fit = fitSoftmax(rows, train.labels, classes);
  const predicted = classify(fit, seen, classes);
  const right = predicted.filter((label, image) => label === test.labels[image]).length;
  return {
    classes: predicted,
    accuracy: right / predicted.length,
    loss: crossEntropy(fit, seen, test.labels, classes),
  };
}

/** Values, squares and products with neighbours of images [n, side, side, 1], and the masks where there are any. */
function features(images: Split['images'], side: number, input: Masking['input']): Rows {
  const perPixel = input === 'image' ? 1 : 2;
  const size = side * side;
  const n = images.length / (size * perPixel);
  const width = 4 * size + (perPixel - 1) * size;
  const values = new Float64Array(n * width);
  for (let row = 0; row < n; row++) {
    const at = (pixel: number, channel: number) => images[(row * size + pixel) * perPixel + channel] as number;
    for (let pixel = 0; pixel < size; pixel++) {
      const own = at(pixel, 0);
      const to = row * width + pixel;
      values[to] = own;
      values[to + size] = own * own;
      if (pixel % side < side - 1) values[to + 2 * size] = own * at(pixel + 1, 0);
      if (pixel < size - side) values[to + 3 * size] = own * at(pixel + side, 0);
      if (perPixel === 2) values[to + 4 * size] = at(pixel, 1);
    }
  }
  return { values, features: width };
}

/** Mean 0 and variance 1 over the training rows, in place; a constant feature becomes 0 in both. */
function standardise(train: Rows, test: Rows): void {
  const { features: width } = train;
  const n = train.values.length / width;
  for (let i = 0; i < width; i++) {
    let [sum, squares] = [0, 0];
    for (let at = i; at < train.values.length; at += width) sum += train.values[at] as number;
    const mean = sum / n;
    for (let at = i; at < train.values.length; at += width) squares += ((train.values[at] as number) - mean) ** 2;
    const scale = squares < 1e-12 * n ? 0 : 1 / Math.sqrt(squares / n);
    for (const { values } of [train, test]) {
      for (let at = i; at < values.length; at += width) values[at] = ((values[at] as number) - mean) * scale;
    }
  }
}
