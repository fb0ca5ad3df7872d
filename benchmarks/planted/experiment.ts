/**
 * One attribution model on planted data, and retrainings on what its maps keep.
 *
 * Masks, rankings and removal are those of the benchmark itself. The network is, unless a few are trained to confirm
 * it, a softmax regression on each value, its square and its products with the neighbours to the right and below: it can
 * see where a removed coordinate was filled in by something of another spread, or that does not fit its surroundings.
 */
import {
  type AttributionMaps,
  coordinateRanking,
  type DatasetContent,
  type ImageShape,
  type Masking,
  maskedSplit,
  type Ranking,
  type Split,
  type Stream,
  stream,
} from 'attribench';
import { retrainingSettings, retrain as retrainNetwork } from '../../harness/training/retrain.ts';
import mlp256 from '../../models/mlp-256.ts';
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
  /** Mean cross-entropy of the test images, nats; NaN of networks, of which the predicted classes alone are kept. */
  readonly loss: number;
}

/** Trains on one split of masked data and tests on another. */
export type Retrainer = (masked: DatasetContent, width: ImageShape, input: Masking['input']) => Promise<Retrained>;

interface Ranked {
  readonly train: readonly Uint32Array[];
  readonly test: readonly Uint32Array[];
}

/** Rankings made once for all that is retrained on the same maps. */
const RANKED = new WeakMap<Planted['maps'], Map<Ranking, Ranked>>();

function rankingsOf({ data, maps, ties }: Planted, ranking: Ranking): Ranked {
  const made = RANKED.get(maps) ?? new Map<Ranking, Ranked>();
  RANKED.set(maps, made);
  const known = made.get(ranking);
  if (known !== undefined) return known;
  const rank = coordinateRanking(ranking, maps.train, ties);
  const all = (split: 'train' | 'test') =>
    Array.from(data.splits[split].labels, (_, image) => rank(maps[split], split, image));
  const ranked = { train: all('train'), test: all('test') };
  made.set(ranking, ranked);
  return ranked;
}

/** Retrains on masked images and tests on masked images. */
export function retrain(
  { data, maps, ties }: Planted,
  masking: Masking,
  retrainer: Retrainer = byRegression,
): Promise<Retrained> {
  const ranked = rankingsOf({ data, maps, ties }, masking.ranking);
  const masked = (split: 'train' | 'test') =>
    maskedSplit(data, split, (image) => ranked[split][image] as Uint32Array, masking, ties.derive('removed'));
  const [height, width, channels] = data.shape;
  const shape: ImageShape = [height, width, masking.input === 'image' ? channels : 2 * channels];
  const test = masked('test');
  const splits = { train: masked('train'), validation: test, test };
  return retrainer({ ...data, shape, splits }, data.shape, masking.input);
}

const byRegression: Retrainer = async (masked, _, input) =>
  retrainOn(masked, masked.splits.train, masked.splits.test, input);

/** The benchmark's own retraining of a multilayer perceptron; `learningRate` is small, as the data are not scaled. */
export const byNetwork: Retrainer = async (masked, widthShape) => {
  const { predictions } = await retrainNetwork({
    data: masked,
    widthShape,
    model: mlp256,
    modelParameters: mlp256.parameters,
    settings: retrainingSettings({ epochs: 30, learningRate: 0.02, batchSize: 100 }),
    stream: stream('planted network'),
    signal: new AbortController().signal,
    progress: () => {},
  });
  if (predictions === null) throw new Error('[attribench] a network on planted data diverged');
  const { labels } = masked.splits.test;
  const right = predictions.filter((label, image) => label === labels[image]).length;
  return { classes: predictions, accuracy: right / labels.length, loss: Number.NaN };
};

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
