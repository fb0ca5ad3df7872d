import { type DatasetContent, defineDataset, type Split, type SplitName, type Stream } from 'attribench';
import {
  drawSamples,
  exhaustiveSupport,
  makeSetting,
  type Samples,
  type Setting,
} from './simplified-blockmnist/distribution.ts';

/**
 * Simplified BlockMNIST: images [n, d, d~, 1], one block a row; class 0 is y = -1, class 1 is y = +1.
 *
 * `direction` is u*, the first axis where null. With `exhaustive` (eta = 0 alone) every split is the whole
 * support, d images. The signal mask is the block j*(x); the null mask is all other blocks, which hold noise
 * at most: the task-relevant ones too, since what Theorem 1 says is that attributions leak into them.
 */
export default defineDataset({
  id: 'simplified-blockmnist',
  title: 'Simplified BlockMNIST',
  cite: 'Shah, Jain, Netrapalli, "Do Input Gradients Highlight Discriminative Features?", NeurIPS 2021, section 6, eq. 2',
  revision: 1,
  parameters: {
    blocks: 10,
    dimension: 1,
    noise: 0,
    direction: null as readonly number[] | null,
    exhaustive: false as boolean,
    train: 1000,
    validation: 200,
    test: 200,
    seed: 0,
  },
  load: ({ parameters, stream }): DatasetContent => {
    const { direction, exhaustive, train, validation, test, ...parts } = parameters;
    const setting = makeSetting(direction === null ? parts : { ...parts, direction });
    const split = (name: SplitName, count: number) =>
      exhaustive ? splitOf(setting, exhaustiveSupport(setting)) : drawSplit(setting, count, stream.derive(name));
    const reach = 1 + setting.noise;
    return {
      shape: [setting.blocks, setting.dimension, 1],
      classes: ['-1', '+1'],
      bounds: { low: -reach, high: reach },
      splits: { train: split('train', train), validation: split('validation', validation), test: split('test', test) },
    };
  },
});

function drawSplit(setting: Setting, count: number, stream: Stream): Split {
  if (!Number.isInteger(count) || count < 1) {
    throw new RangeError(`[attribench] dataset "simplified-blockmnist": a split has ${count} images, expected from 1`);
  }
  return splitOf(setting, drawSamples(setting, count, stream));
}

/** Samples as a split of images, with the signal's block as mask. */
function splitOf({ blocks, dimension }: Setting, { count, inputs, labels, signalBlocks }: Samples): Split {
  const signal = new Uint8Array(count * blocks * dimension);
  for (let i = 0; i < count; i++) {
    const at = (i * blocks + (signalBlocks[i] ?? 0)) * dimension;
    signal.fill(1, at, at + dimension);
  }
  return {
    images: Float32Array.from(inputs),
    labels: Int32Array.from(labels, (label) => (label === 1 ? 1 : 0)),
    masks: { signal, null: signal.map((value) => 1 - value) },
  };
}
