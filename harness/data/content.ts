/**
 * A data set's content as an artifact: facts as JSON, one safetensors part a split, and back.
 *
 * What a plugin made is checked once, here, before anything is trained on it.
 */
import type { Bounds, DatasetContent, ImageShape, Json, Split, SplitName } from '../contracts.ts';
import { UsageError } from '../errors.ts';
import { decodeSafetensors, encodeSafetensors, type TensorData, type TensorEntry } from '../formats/safetensors.ts';

const SPLITS: readonly SplitName[] = ['train', 'validation', 'test'];

/** Metadata { shape, classes, bounds } and the parts train, validation, test; throws UsageError where the content contradicts itself. */
export function encodeDataset(content: DatasetContent): { metadata: Json; parts: Record<string, Uint8Array> } {
  const { shape, classes, bounds, splits } = content;
  if (shape.length !== 3 || shape.some((size) => !Number.isInteger(size) || size < 1))
    fail(`shape is [${shape}], expected height, width and channels`);
  if (classes.length < 2) fail(`it names ${classes.length} classes, expected at least 2`);
  if (!(Number.isFinite(bounds.low) && Number.isFinite(bounds.high) && bounds.low < bounds.high))
    fail(`bounds are ${bounds.low} to ${bounds.high}, expected finite numbers, low below high`);
  const parts: Record<string, Uint8Array> = {};
  for (const name of SPLITS) {
    checkSplit(name, splits[name], content);
    parts[name] = encodeSplit(splits[name], shape);
  }
  return {
    metadata: { shape: [...shape], classes: [...classes], bounds: { low: bounds.low, high: bounds.high } },
    parts,
  };
}

/** The content that encodeDataset was given. */
export function decodeDataset(metadata: Json, parts: Readonly<Record<string, Uint8Array>>): DatasetContent {
  const { shape, classes, bounds } = metadata as unknown as {
    shape: ImageShape;
    classes: readonly string[];
    bounds: Bounds;
  };
  const split = (name: SplitName): Split => {
    const part = parts[name];
    if (part === undefined) fail(`its artifact has no part "${name}"`);
    return decodeSplit(part);
  };
  return {
    shape,
    classes,
    bounds,
    splits: { train: split('train'), validation: split('validation'), test: split('test') },
  };
}

function encodeSplit({ images, labels, masks }: Split, [height, width, channels]: ImageShape): Uint8Array {
  const n = labels.length;
  const entries: TensorEntry[] = [
    { name: 'labels', shape: [n], data: labels },
    { name: 'images', shape: [n, height, width, channels], data: images },
  ];
  if (masks !== undefined) {
    entries.push({ name: 'signal', shape: [n, height, width], data: masks.signal });
    entries.push({ name: 'null', shape: [n, height, width], data: masks.null });
  }
  return encodeSafetensors(entries);
}

function decodeSplit(part: Uint8Array): Split {
  const arrays = new Map(decodeSafetensors(part).entries.map(({ name, data }) => [name, data]));
  const array = <T extends TensorData>(name: string, types: readonly (new () => T)[]): T => {
    const data = arrays.get(name);
    for (const type of types) if (data instanceof type) return data;
    return fail(`its artifact has no array "${name}" of the right type`);
  };
  const images = array<Float32Array | Uint8Array>('images', [Float32Array, Uint8Array]);
  const labels = array('labels', [Int32Array]);
  if (!arrays.has('signal')) return { images, labels };
  return { images, labels, masks: { signal: array('signal', [Uint8Array]), null: array('null', [Uint8Array]) } };
}

function checkSplit(name: SplitName, split: Split, { shape, classes, bounds }: DatasetContent): void {
  const [height, width, channels] = shape;
  const { images, labels, masks } = split;
  const pixels = labels.length * height * width;
  if (labels.length === 0) fail(`split ${name} is empty`);
  if (images.length !== pixels * channels)
    fail(`split ${name} has ${images.length} pixel values, expected ${pixels * channels} for ${labels.length} labels`);
  const wrongLabel = labels.findIndex((label) => label < 0 || label >= classes.length);
  if (wrongLabel >= 0)
    fail(`split ${name}, image ${wrongLabel} has label ${labels[wrongLabel]}, expected 0 to ${classes.length - 1}`);
  if (images instanceof Uint8Array) {
    if (bounds.low > 0 || bounds.high < 1)
      fail(`bounds are ${bounds.low} to ${bounds.high}, but bytes stand for 0 to 1`);
  } else {
    const wrong = images.findIndex((value) => !(value >= Math.fround(bounds.low) && value <= Math.fround(bounds.high)));
    if (wrong >= 0)
      fail(`split ${name} has the pixel value ${images[wrong]}, expected ${bounds.low} to ${bounds.high}`);
  }
  if (masks === undefined) return;
  if (masks.signal.length !== pixels || masks.null.length !== pixels)
    fail(`split ${name} has masks of ${masks.signal.length} and ${masks.null.length} values, expected ${pixels}`);
  const mixed = masks.signal.findIndex((signal, i) => signal > 1 || (masks.null[i] ?? 2) > 1 - signal);
  if (mixed >= 0) fail(`split ${name} has masks that overlap or hold other values than 0 and 1`);
}

function fail(problem: string): never {
  throw new UsageError(`[attribench] data set content: ${problem}`);
}
