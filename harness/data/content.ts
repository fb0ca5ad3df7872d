/**
 * A data set's content as an artifact: facts as JSON, one safetensors part a split, and back.
 *
 * What a plugin made is checked once, here, before anything is trained on it. Images that do not fit in
 * memory are a part of their own, `<split>-images`, that is never whole: pieces of whole images.
 */
import type {
  ArrayImages,
  Bounds,
  DatasetContent,
  ImageReader,
  ImageShape,
  ImageStream,
  Images,
  Json,
  Split,
  SplitName,
} from '../contracts.ts';
import { UsageError } from '../errors.ts';
import { decodeSafetensors, encodeSafetensors, type TensorData, type TensorEntry } from '../formats/safetensors.ts';

const SPLITS: readonly SplitName[] = ['train', 'validation', 'test'];
/** Bytes a piece of streamed images, at most, unless one image is larger. */
const PIECE_BYTES = 64 * 2 ** 20;

export interface EncodedDataset {
  readonly metadata: Json;
  readonly parts: Readonly<Record<string, Uint8Array>>;
  /** Streamed images, in pieces; UsageError where they are not as many as the labels. */
  readonly streams: Readonly<Record<string, AsyncIterable<Uint8Array>>>;
}

/** Metadata { shape, classes, bounds } and the parts train, validation, test; throws UsageError where the content contradicts itself. */
export function encodeDataset(
  content: DatasetContent<ArrayImages | ImageStream>,
  pieceBytes: number = PIECE_BYTES,
): EncodedDataset {
  const { shape, classes, bounds, splits } = content;
  if (shape.length !== 3 || shape.some((size) => !Number.isInteger(size) || size < 1))
    fail(`shape is [${shape}], expected height, width and channels`);
  if (classes.length < 2) fail(`it names ${classes.length} classes, expected at least 2`);
  if (!(Number.isFinite(bounds.low) && Number.isFinite(bounds.high) && bounds.low < bounds.high))
    fail(`bounds are ${bounds.low} to ${bounds.high}, expected finite numbers, low below high`);
  const parts: Record<string, Uint8Array> = {};
  const streams: Record<string, AsyncIterable<Uint8Array>> = {};
  for (const name of SPLITS) {
    const split = splits[name];
    checkSplit(name, split, content);
    parts[name] = encodeSplit(split, shape);
    if ('blocks' in split.images) {
      const size = shape[0] * shape[1] * shape[2];
      const piece = Math.max(1, Math.floor(pieceBytes / size)) * size;
      streams[streamedPart(name)] = pieces(name, split.images.blocks(), piece, split.labels.length * size);
    }
  }
  return {
    metadata: { shape: [...shape], classes: [...classes], bounds: { low: bounds.low, high: bounds.high } },
    parts,
    streams,
  };
}

/** The name of the part that holds a split's streamed images. */
export function streamedPart(split: SplitName): string {
  return `${split}-images`;
}

/** The content that encodeDataset was given; `readers` hold the streamed images by the name of their part. */
export function decodeDataset(
  metadata: Json,
  parts: Readonly<Record<string, Uint8Array>>,
  readers: Readonly<Record<string, ImageReader>> = {},
): DatasetContent<Images> {
  const { shape, classes, bounds } = metadata as unknown as {
    shape: ImageShape;
    classes: readonly string[];
    bounds: Bounds;
  };
  const split = (name: SplitName): Split<Images> => {
    const part = parts[name];
    if (part === undefined) fail(`its artifact has no part "${name}"`);
    return decodeSplit(part, readers[streamedPart(name)]);
  };
  return {
    shape,
    classes,
    bounds,
    splits: { train: split('train'), validation: split('validation'), test: split('test') },
  };
}

function encodeSplit(
  { images, labels, masks }: Split<ArrayImages | ImageStream>,
  [height, width, channels]: ImageShape,
): Uint8Array {
  const n = labels.length;
  const entries: TensorEntry[] = [{ name: 'labels', shape: [n], data: labels }];
  if (!('blocks' in images)) entries.push({ name: 'images', shape: [n, height, width, channels], data: images });
  if (masks !== undefined) {
    entries.push({ name: 'signal', shape: [n, height, width], data: masks.signal });
    entries.push({ name: 'null', shape: [n, height, width], data: masks.null });
  }
  return encodeSafetensors(entries);
}

function decodeSplit(part: Uint8Array, reader: ImageReader | undefined): Split<Images> {
  const arrays = new Map(decodeSafetensors(part).entries.map(({ name, data }) => [name, data]));
  const array = <T extends TensorData>(name: string, types: readonly (new () => T)[]): T => {
    const data = arrays.get(name);
    for (const type of types) if (data instanceof type) return data;
    return fail(`its artifact has no array "${name}" of the right type`);
  };
  const images = reader ?? array<ArrayImages>('images', [Float32Array, Uint8Array]);
  const labels = array('labels', [Int32Array]);
  if (!arrays.has('signal')) return { images, labels };
  return { images, labels, masks: { signal: array('signal', [Uint8Array]), null: array('null', [Uint8Array]) } };
}

/** Whole images, put together from the plugin's blocks; the buffer of a piece is free again when the next is asked for. */
async function* pieces(
  split: SplitName,
  blocks: AsyncIterable<Uint8Array>,
  pieceBytes: number,
  expected: number,
): AsyncGenerator<Uint8Array> {
  const piece = new Uint8Array(Math.min(pieceBytes, expected));
  let [filled, total] = [0, 0];
  for await (const block of blocks) {
    total += block.length;
    if (total > expected) break;
    for (let from = 0; from < block.length; ) {
      const taken = block.subarray(from, from + piece.length - filled);
      piece.set(taken, filled);
      filled += taken.length;
      from += taken.length;
      if (filled < piece.length) continue;
      yield piece;
      filled = 0;
    }
  }
  if (total !== expected)
    fail(`split ${split} gave ${total > expected ? 'more' : total} pixel values, expected ${expected} for its labels`);
  if (filled > 0) yield piece.subarray(0, filled);
}

function checkSplit(
  name: SplitName,
  split: Split<ArrayImages | ImageStream>,
  { shape, classes, bounds }: DatasetContent<unknown>,
): void {
  const [height, width, channels] = shape;
  const { images, labels, masks } = split;
  const pixels = labels.length * height * width;
  if (labels.length === 0) fail(`split ${name} is empty`);
  const streamed = 'blocks' in images;
  if (!streamed && images.length !== pixels * channels)
    fail(`split ${name} has ${images.length} pixel values, expected ${pixels * channels} for ${labels.length} labels`);
  const wrongLabel = labels.findIndex((label) => label < 0 || label >= classes.length);
  if (wrongLabel >= 0)
    fail(`split ${name}, image ${wrongLabel} has label ${labels[wrongLabel]}, expected 0 to ${classes.length - 1}`);
  if (streamed || images instanceof Uint8Array) {
    if (bounds.low > 0 || bounds.high < 1)
      fail(`bounds are ${bounds.low} to ${bounds.high}, but bytes stand for 0 to 1`);
  } else {
    const [low, high] = [Math.fround(bounds.low), Math.fround(bounds.high)];
    for (let i = 0; i < images.length; i++) {
      const value = images[i] as number;
      if (!(value >= low && value <= high))
        fail(`split ${name} has the pixel value ${value}, expected ${bounds.low} to ${bounds.high}`);
    }
  }
  if (masks === undefined) return;
  if (masks.signal.length !== pixels || masks.null.length !== pixels)
    fail(`split ${name} has masks of ${masks.signal.length} and ${masks.null.length} values, expected ${pixels}`);
  for (let i = 0; i < pixels; i++) {
    const signal = masks.signal[i] as number;
    if (signal > 1 || (masks.null[i] as number) > 1 - signal)
      fail(`split ${name} has masks that overlap or hold other values than 0 and 1`);
  }
}

function fail(problem: string): never {
  throw new UsageError(`[attribench] data set content: ${problem}`);
}
