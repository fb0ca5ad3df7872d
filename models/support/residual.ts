/**
 * Residual networks: four stages of blocks with strides 1, 2, 2, 2, each stage twice as wide as the one before.
 *
 * As torchvision's, where a bottleneck has its stride at the 3x3 convolution. He et al., CVPR 2016, table 1.
 */
import { type ArchitectureRequest, type Parameters, tf, UsageError } from 'attribench';
import {
  type Convolution,
  convolution,
  dense,
  globallyAveraged,
  maxPooled,
  network,
  normalised,
  relu,
  through,
  type Values,
} from './layers.ts';

/**
 * `width`: channels of the first stage, 64 in the papers, fewer for a CPU. `stem`: 'cifar', a 3x3 convolution of
 * stride 1, or 'imagenet', 7x7 of stride 2 and max-pooling.
 */
export const RESIDUAL = { width: 64, stem: 'cifar' };

/** From a block's input to its sum, the first stage being `width` channels wide. */
export type Block = (name: string, from: Values, width: number, stride: number) => Values;

/** Logits [n, classes] by `counts` blocks of each stage and global average pooling. */
export function residualNetwork(
  id: string,
  block: Block,
  counts: readonly number[],
  { inputShape, classes, parameters }: ArchitectureRequest<typeof RESIDUAL & Parameters>,
): tf.LayersModel {
  const { width, stem } = parameters;
  return network(inputShape, (images) => {
    let values = stemOf(id, stem, images, width);
    counts.forEach((count, stage) => {
      for (let i = 0; i < count; i++) {
        const stride = stage > 0 && i === 0 ? 2 : 1;
        values = block(`layer${stage + 1}.${i}`, values, width * 2 ** stage, stride);
      }
    });
    return dense('fc', globallyAveraged('avgpool', values), classes);
  });
}

function stemOf(id: string, stem: string, images: Values, filters: number): Values {
  const begin = (kernel: number, stride: number, padding: number) =>
    relu('relu', normalised('bn1', convolution('conv1', images, { filters, kernel, stride, padding })));
  if (stem === 'cifar') return begin(3, 1, 1);
  if (stem === 'imagenet') return maxPooled('maxpool', begin(7, 2, 3), 3, 2, 1);
  throw new UsageError(`[attribench] model "${id}": stem is "${stem}", expected "cifar" or "imagenet"`);
}

/** Two 3x3 convolutions. */
export const basicBlock: Block = (name, from, width, stride) => {
  const first = relu(`${name}.relu1`, unit(name, 1, from, { filters: width, kernel: 3, stride, padding: 1 }));
  const second = unit(name, 2, first, { filters: width, kernel: 3, padding: 1 });
  return joined(name, from, second, width, stride);
};

/** 1x1, 3x3 and 1x1 convolutions; four times as wide at its end. */
export const bottleneck: Block = (name, from, width, stride) => {
  const first = relu(`${name}.relu1`, unit(name, 1, from, { filters: width, kernel: 1 }));
  const second = relu(`${name}.relu2`, unit(name, 2, first, { filters: width, kernel: 3, stride, padding: 1 }));
  const third = unit(name, 3, second, { filters: 4 * width, kernel: 1 });
  return joined(name, from, third, 4 * width, stride);
};

function unit(name: string, index: number, from: Values, settings: Convolution): Values {
  return normalised(`${name}.bn${index}`, convolution(`${name}.conv${index}`, from, settings));
}

/** ReLU of the branch and of the block's input, which is projected where its shape is another. */
function joined(name: string, from: Values, branch: Values, filters: number, stride: number): Values {
  const projected = stride !== 1 || from.shape.at(-1) !== filters;
  const identity = projected
    ? normalised(`${name}.downsample.1`, convolution(`${name}.downsample.0`, from, { filters, kernel: 1, stride }))
    : from;
  return relu(`${name}.relu`, through(tf.layers.add({ name: `${name}.add` }), branch, identity));
}
