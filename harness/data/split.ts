/**
 * The train / validation / test split of every data set here: 70 / 10 / 20 % of each class, at random.
 *
 * Only validation may inform a setting; every image stands in exactly one split. The order within a
 * split is random too, so that its first images are a fair sample of all classes.
 */
import type { DatasetContent, ImageShape, Split, SplitName } from '../contracts.ts';
import { UsageError } from '../errors.ts';
import type { Stream } from '../random.ts';

const SHARES = { validation: 0.1, test: 0.2 };

/** Indices of the images of each split, in the split's order. */
export type SplitIndices = { readonly [name in SplitName]: Uint32Array };

/** Splits images by class; `labels` [n] are class indices; throws where a class is too small for three parts. */
export function stratifiedSplit(labels: ArrayLike<number>, classes: readonly string[], stream: Stream): SplitIndices {
  const members = indicesByClass(labels, classes);
  const parts = { train: [] as number[][], validation: [] as number[][], test: [] as number[][] };
  for (const [label, list] of members.entries()) {
    const validation = Math.round(SHARES.validation * list.length);
    const test = Math.round(SHARES.test * list.length);
    if (validation === 0)
      throw new UsageError(`[attribench] class "${classes[label]}" has ${list.length} images, expected at least 5`);
    const order = pick(list, stream.derive('split', label).permutation(list.length));
    parts.validation.push(order.slice(0, validation));
    parts.test.push(order.slice(validation, validation + test));
    parts.train.push(order.slice(validation + test));
  }
  const shuffled = (name: SplitName) => {
    const all = parts[name].flat();
    return Uint32Array.from(pick(all, stream.derive('order', name).permutation(all.length)));
  };
  return { train: shuffled('train'), validation: shuffled('validation'), test: shuffled('test') };
}

/** The images of each class, ascending; UsageError where a label is no class. */
export function indicesByClass(labels: ArrayLike<number>, classes: readonly string[]): readonly number[][] {
  const members: number[][] = classes.map(() => []);
  for (let i = 0; i < labels.length; i++) {
    const list = members[labels[i] ?? -1];
    if (list === undefined)
      throw new UsageError(`[attribench] image ${i} has label ${labels[i]}, expected 0 to ${classes.length - 1}`);
    list.push(i);
  }
  return members;
}

/** A data set without masks from all its images: bytes [n, height, width, channels] and labels [n]. */
export function splitByClass(
  all: {
    readonly shape: ImageShape;
    readonly classes: readonly string[];
    readonly images: Uint8Array;
    readonly labels: ArrayLike<number>;
  },
  stream: Stream,
): DatasetContent {
  const { shape, classes, images, labels } = all;
  const size = shape[0] * shape[1] * shape[2];
  const indices = stratifiedSplit(labels, classes, stream);
  const gather = (name: SplitName): Split => {
    const chosen = indices[name];
    const taken = new Uint8Array(chosen.length * size);
    chosen.forEach((from, to) => {
      taken.set(images.subarray(from * size, (from + 1) * size), to * size);
    });
    return { images: taken, labels: Int32Array.from(chosen, (i) => labels[i] ?? -1) };
  };
  const splits = { train: gather('train'), validation: gather('validation'), test: gather('test') };
  return { shape, classes, bounds: { low: 0, high: 1 }, splits };
}

function pick(values: readonly number[], order: Uint32Array): number[] {
  return Array.from(order, (i) => values[i] ?? -1);
}
