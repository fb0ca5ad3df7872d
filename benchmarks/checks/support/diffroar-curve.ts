/**
 * From the predicted classes of retrained networks to accuracies, for one attribution model.
 */
import { mean, type Role } from 'attribench';

/** What is kept of one attribution model. */
export type Curve = Figures & {
  /** Of the method: a control has fewer conditions. */
  readonly role: Role;
};

/** What predictions tell. */
export type Figures = {
  /** Number of test images. */
  readonly images: number;
  /** By condition: the test accuracy of each retraining. */
  readonly accuracy: { readonly [condition: string]: readonly number[] };
  /**
   * By pair of conditions, and over the primary levels: standard error, over test images, of the mean
   * difference in being right between top and bottom.
   */
  readonly imageError: { readonly [pair: string]: number };
  /** Retrainings that predict one class for every image. */
  readonly constant: number;
};

/** Two conditions that differ in their side alone. */
export interface Pair {
  readonly id: string;
  readonly top: string;
  readonly bottom: string;
}

/** Predicted classes [images] by condition, one list a retraining. */
export type Predictions = ReadonlyMap<string, readonly Int32Array[]>;

/** The curve of predictions against labels; `pairs` also give paired errors, and those `primary` one in common. */
export function curveOf(
  labels: Int32Array,
  predictions: Predictions,
  pairs: readonly Pair[],
  primary: readonly Pair[],
): Figures {
  const accuracy: { [condition: string]: number[] } = {};
  let constant = 0;
  for (const [condition, lists] of predictions) {
    accuracy[condition] = lists.map((classes) => shareRight(classes, labels));
    constant += lists.filter((classes) => classes.every((one) => one === classes[0])).length;
  }
  const differences = (pair: Pair) => pairedDifferences(labels, predictions, pair);
  const imageError: { [pair: string]: number } = {};
  for (const pair of pairs) imageError[pair.id] = standardError(differences(pair));
  const common = primary.map(differences);
  imageError.primary = standardError(Float64Array.from(labels, (_, image) => mean(common.map((of) => of[image] ?? 0))));
  return { images: labels.length, accuracy, imageError, constant };
}

function shareRight(classes: Int32Array, labels: Int32Array): number {
  if (classes.length !== labels.length) {
    throw new Error(
      `[attribench] got ${classes.length} predictions for ${labels.length} test images, expected as many`,
    );
  }
  let right = 0;
  for (let i = 0; i < labels.length; i++) if (classes[i] === labels[i]) right++;
  return right / labels.length;
}

/** By image: right under top less right under bottom, mean over retrainings; -1 to 1. */
function pairedDifferences(labels: Int32Array, predictions: Predictions, { top, bottom }: Pair): Float64Array {
  const of = (condition: string) => predictions.get(condition) ?? [];
  const differences = new Float64Array(labels.length);
  const add = (lists: readonly Int32Array[], sign: number) => {
    for (const classes of lists) {
      for (let i = 0; i < labels.length; i++) {
        if (classes[i] === labels[i]) differences[i] = (differences[i] as number) + sign / lists.length;
      }
    }
  };
  add(of(top), 1);
  add(of(bottom), -1);
  return differences;
}

/** Standard deviation (divisor n - 1) over the square root of n; 0 for a single value. */
function standardError(values: Float64Array): number {
  const n = values.length;
  if (n < 2) return 0;
  const centre = mean(values);
  let squares = 0;
  for (let i = 0; i < n; i++) squares += ((values[i] as number) - centre) ** 2;
  return Math.sqrt(squares / (n - 1) / n);
}
