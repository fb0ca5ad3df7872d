import { defineModel, tf, UsageError } from 'attribench';
import {
  averagePooled,
  convolution,
  dense,
  dropped,
  expectSides,
  flattened,
  maxPooled,
  network,
  relu,
  through,
  type Values,
} from './support/layers.ts';

/** Filters of the convolutions, with max-pooling between the groups. */
const GROUPS = [[64], [128], [256, 256], [512, 512], [512, 512]];
/** Rows and columns of the map that the classifier sees. */
const SIDE = 7;

/**
 * Configuration A of VGG, without batch normalisation, as torchvision's.
 *
 * Its classifier sees 7 x 7 pixels: images of 32 to 63 pixels a side leave one, which is repeated, and larger
 * ones must leave a multiple of 7. `hidden` is the classifier's width, 4096 in the paper.
 */
export default defineModel({
  id: 'vgg-11',
  title: 'VGG-11',
  cite: 'Simonyan, Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition", ICLR 2015, table 1',
  revision: 1,
  parameters: { hidden: 4096 },
  initialisation: 'torchvision-vgg',
  build: ({ inputShape, classes, parameters: { hidden } }) => {
    expectSides('vgg-11', inputShape, 32);
    return network(inputShape, (images) => {
      let values = images;
      let index = 0;
      for (const filters of GROUPS) {
        for (const count of filters) {
          const name = `features.${index}`;
          const convolved = convolution(name, values, { filters: count, kernel: 3, padding: 1, bias: true });
          values = relu(`features.${index + 1}`, convolved);
          index += 2;
        }
        values = maxPooled(`features.${index}`, values, 2, 2);
        index += 1;
      }
      const first = dropped('classifier.2', relu('classifier.1', dense('classifier.0', seven(values), hidden)), 0.5);
      const second = dropped('classifier.5', relu('classifier.4', dense('classifier.3', first, hidden)), 0.5);
      return dense('classifier.6', second, classes);
    });
  },
});

/** A map averaged or repeated to 7 x 7 pixels, flattened. */
function seven(values: Values): Values {
  const [, height = 0, width = 0] = values.shape.map(Number);
  if (height === 1 && width === 1) {
    const repeated = through(tf.layers.repeatVector({ name: 'avgpool', n: SIDE * SIDE }), flattened('pixel', values));
    return flattened('flatten', repeated);
  }
  if (height !== width || height % SIDE !== 0) {
    throw new UsageError(
      `[attribench] model "vgg-11": the images leave a map of ${height} x ${width} pixels, expected 1 x 1 or a square of a multiple of ${SIDE}`,
    );
  }
  return flattened('flatten', averagePooled('avgpool', values, height / SIDE, height / SIDE));
}
