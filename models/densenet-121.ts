import { defineModel } from 'attribench';
import {
  averagePooled,
  concatenated,
  convolution,
  dense,
  expectSides,
  globallyAveraged,
  maxPooled,
  network,
  normalised,
  relu,
  type Values,
} from './support/layers.ts';

const LAYERS = [6, 12, 24, 16];
/** Channels that a layer adds. */
const GROWTH = 32;

/** Densely connected network of 121 layers, as torchvision's: stem 7x7 of stride 2 and max-pooling. */
export default defineModel({
  id: 'densenet-121',
  title: 'DenseNet-121',
  cite: 'Huang, Liu, van der Maaten, Weinberger, "Densely Connected Convolutional Networks", CVPR 2017, table 1',
  revision: 1,
  initialisation: 'torchvision-densenet',
  build: ({ inputShape, classes }) => {
    expectSides('densenet-121', inputShape, 29);
    return network(inputShape, (images) => {
      const stem = convolution('features.conv0', images, { filters: 64, kernel: 7, stride: 2, padding: 3 });
      let values = maxPooled('features.pool0', activated('features', '0', stem), 3, 2, 1);
      LAYERS.forEach((count, block) => {
        for (let i = 1; i <= count; i++) values = denseLayer(`features.denseblock${block + 1}.denselayer${i}`, values);
        if (block < LAYERS.length - 1) values = transition(`features.transition${block + 1}`, values);
      });
      return dense('classifier', globallyAveraged('avgpool', activated('features', '5', values)), classes);
    });
  },
});

/** The input beside what a bottleneck makes of it. */
function denseLayer(name: string, from: Values): Values {
  const narrow = convolution(`${name}.conv1`, activated(name, '1', from), { filters: 4 * GROWTH, kernel: 1 });
  const added = convolution(`${name}.conv2`, activated(name, '2', narrow), { filters: GROWTH, kernel: 3, padding: 1 });
  return concatenated(`${name}.concat`, [from, added]);
}

/** Half the channels, half the rows and columns. */
function transition(name: string, from: Values): Values {
  const filters = Number(from.shape.at(-1)) / 2;
  return averagePooled(
    `${name}.pool`,
    convolution(`${name}.conv`, activated(name, '', from), { filters, kernel: 1 }),
    2,
    2,
  );
}

function activated(name: string, index: string, from: Values): Values {
  return relu(`${name}.relu${index}`, normalised(`${name}.norm${index}`, from));
}
