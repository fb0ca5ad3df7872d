/**
 * The BlockMNIST family: 56 x 28 images of a signal block (an MNIST digit) and a null block, one above
 * the other (Shah, Jain, Netrapalli, NeurIPS 2021, Section 5).
 *
 * All variants hold the same digits in the same order and, for one seed, the same null block: image i
 * of the top variant is image i of the bottom variant with its blocks swapped. So the randomness is
 * named by the family and the seed alone, and the side of an image by its place in the digit source:
 * neither depends on which digits are chosen. Splits are those of the digit source.
 *
 * The paper does not say which digits it uses: 0 and 1 are our main choice; [2, 4], [3, 8] and all ten
 * are meant by the parameter.
 */
import {
  type Dataset,
  type DatasetContent,
  defineDataset,
  type Split,
  type SplitName,
  type Stream,
  stream,
  UsageError,
} from 'attribench';
import { BLOCK, drawNullLines, paintNullBlock } from './null-block.ts';

const BLOCK_PIXELS = BLOCK * BLOCK;
const IMAGE_PIXELS = 2 * BLOCK_PIXELS;
const SOURCES = ['mnist', 'mnist-full'];

export type Side = 'top' | 'bottom';

// A type, not an interface: only types are assignable to Parameters.
export type BlockMnistParameters = {
  /** Digits that are the classes, in this order. */
  readonly digits: readonly number[];
  /** Where the digits come from: 'mnist' or 'mnist-full'. */
  readonly source: string;
  readonly seed: number;
};

/** A variant: `side` says where the signal block of an image goes, given that image's own stream. */
export function blockMnist(variant: {
  readonly id: string;
  readonly title: string;
  readonly side: (own: Stream) => Side;
}): Dataset<BlockMnistParameters> {
  return defineDataset<BlockMnistParameters>({
    id: variant.id,
    title: variant.title,
    cite: 'Shah, Jain, Netrapalli, Do Input Gradients Highlight Discriminative Features?, NeurIPS 2021, Section 5',
    revision: 1,
    parameters: { digits: [0, 1], source: 'mnist', seed: 0 },
    sources({ source, seed }) {
      if (!SOURCES.includes(source)) fail(variant.id, `source is "${source}", expected ${SOURCES.join(' or ')}`);
      return [{ id: source, parameters: { seed } }];
    },
    load({ parameters: { digits, seed }, sources: [source] }) {
      if (source === undefined) fail(variant.id, 'no digit source was given');
      checkDigits(variant.id, digits, source);
      const family = stream('data', 'blockmnist', { seed });
      const nullBlock = paintNullBlock(drawNullLines(family.derive('null-block')));
      const compose = (name: SplitName) =>
        composeSplit(source.splits[name], digits, nullBlock, (index) =>
          variant.side(family.derive('side', name, index)),
        );
      return {
        shape: [2 * BLOCK, BLOCK, 1],
        classes: digits.map((digit) => source.classes[digit] ?? ''),
        bounds: source.bounds,
        splits: { train: compose('train'), validation: compose('validation'), test: compose('test') },
      };
    },
  });
}

/** The chosen digits of a split, in its order, each joined to the null block; `side` is asked by index in the source. */
function composeSplit(
  source: Split,
  digits: readonly number[],
  nullBlock: Uint8Array,
  side: (index: number) => Side,
): Split {
  const chosen = [...source.labels.keys()].filter((index) => digits.includes(source.labels[index] ?? -1));
  const images = new Uint8Array(chosen.length * IMAGE_PIXELS);
  const masks = { signal: new Uint8Array(images.length), null: new Uint8Array(images.length) };
  chosen.forEach((from, to) => {
    const top = to * IMAGE_PIXELS;
    const bottom = top + BLOCK_PIXELS;
    const [signalAt, nullAt] = side(from) === 'top' ? [top, bottom] : [bottom, top];
    images.set(source.images.subarray(from * BLOCK_PIXELS, (from + 1) * BLOCK_PIXELS), signalAt);
    images.set(nullBlock, nullAt);
    masks.signal.fill(1, signalAt, signalAt + BLOCK_PIXELS);
    masks.null.fill(1, nullAt, nullAt + BLOCK_PIXELS);
  });
  return { images, labels: Int32Array.from(chosen, (from) => digits.indexOf(source.labels[from] ?? -1)), masks };
}

function checkDigits(id: string, digits: readonly number[], source: DatasetContent): void {
  const known = (digit: number) => Number.isInteger(digit) && digit >= 0 && digit < source.classes.length;
  if (digits.length < 2 || !digits.every(known) || new Set(digits).size !== digits.length)
    fail(id, `digits are ${JSON.stringify(digits)}, expected two or more different ones of 0 to 9`);
}

function fail(id: string, problem: string): never {
  throw new UsageError(`[attribench] dataset "${id}": ${problem}`);
}
