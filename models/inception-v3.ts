import { defineModel } from 'attribench';
import {
  averagePooled,
  type Convolution,
  concatenated,
  convolution,
  dense,
  dropped,
  expectSides,
  globallyAveraged,
  maxPooled,
  network,
  normalised,
  relu,
  type Values,
} from './support/layers.ts';

/**
 * Inception v3 as torchvision's without the auxiliary classifier: images of at least 75 x 75 pixels.
 *
 * Batch normalisation has eps 1e-3 here, as in TensorFlow, where the network comes from.
 */
export default defineModel({
  id: 'inception-v3',
  title: 'Inception v3',
  cite: 'Szegedy, Vanhoucke, Ioffe, Shlens, Wojna, "Rethinking the Inception Architecture for Computer Vision", CVPR 2016, table 1',
  revision: 1,
  initialisation: 'torchvision-inception',
  build: ({ inputShape, classes }) => {
    expectSides('inception-v3', inputShape, 75);
    return network(inputShape, (images) => {
      let values = unit('Conv2d_1a_3x3', images, { filters: 32, kernel: 3, stride: 2 });
      values = unit('Conv2d_2a_3x3', values, { filters: 32, kernel: 3 });
      values = unit('Conv2d_2b_3x3', values, { filters: 64, kernel: 3, padding: 1 });
      values = maxPooled('maxpool1', values, 3, 2);
      values = unit('Conv2d_3b_1x1', values, { filters: 80, kernel: 1 });
      values = unit('Conv2d_4a_3x3', values, { filters: 192, kernel: 3 });
      values = maxPooled('maxpool2', values, 3, 2);
      values = mixed5('Mixed_5b', values, 32);
      values = mixed5('Mixed_5c', values, 64);
      values = mixed5('Mixed_5d', values, 64);
      values = mixed6a('Mixed_6a', values);
      values = mixed6('Mixed_6b', values, 128);
      values = mixed6('Mixed_6c', values, 160);
      values = mixed6('Mixed_6d', values, 160);
      values = mixed6('Mixed_6e', values, 192);
      values = mixed7a('Mixed_7a', values);
      values = mixed7('Mixed_7b', values);
      values = mixed7('Mixed_7c', values);
      return dense('fc', dropped('dropout', globallyAveraged('avgpool', values), 0.5), classes);
    });
  },
});

/** Convolution, batch normalisation and ReLU. */
function unit(name: string, from: Values, settings: Convolution): Values {
  return relu(`${name}.relu`, normalised(`${name}.bn`, convolution(`${name}.conv`, from, settings), 1e-3));
}

/** One unit after another. */
function chain(name: string, from: Values, units: { readonly [short: string]: Convolution }): Values {
  return Object.entries(units).reduce((values, [short, settings]) => unit(`${name}.${short}`, values, settings), from);
}

const pointwise = (filters: number): Convolution => ({ filters, kernel: 1 });
const square = (filters: number): Convolution => ({ filters, kernel: 3, padding: 1 });
const halving = (filters: number): Convolution => ({ filters, kernel: 3, stride: 2 });
const row = (filters: number, length: number): Convolution => ({
  filters,
  kernel: [1, length],
  padding: [0, (length - 1) / 2],
});
const column = (filters: number, length: number): Convolution => ({
  filters,
  kernel: [length, 1],
  padding: [(length - 1) / 2, 0],
});

function pooledBranch(name: string, from: Values, filters: number): Values {
  return unit(`${name}.branch_pool`, averagePooled(`${name}.pool`, from, 3, 1, 1), pointwise(filters));
}

/** Figure 5, with a 5x5 convolution kept whole. */
function mixed5(name: string, from: Values, pooled: number): Values {
  return concatenated(`${name}.concat`, [
    chain(name, from, { branch1x1: pointwise(64) }),
    chain(name, from, { branch5x5_1: pointwise(48), branch5x5_2: { filters: 64, kernel: 5, padding: 2 } }),
    chain(name, from, { branch3x3dbl_1: pointwise(64), branch3x3dbl_2: square(96), branch3x3dbl_3: square(96) }),
    pooledBranch(name, from, pooled),
  ]);
}

/** Halves rows and columns: figure 10. */
function mixed6a(name: string, from: Values): Values {
  return concatenated(`${name}.concat`, [
    chain(name, from, { branch3x3: halving(384) }),
    chain(name, from, { branch3x3dbl_1: pointwise(64), branch3x3dbl_2: square(96), branch3x3dbl_3: halving(96) }),
    maxPooled(`${name}.pool`, from, 3, 2),
  ]);
}

/** Figure 6: 7x7 convolutions as rows and columns. */
function mixed6(name: string, from: Values, narrow: number): Values {
  return concatenated(`${name}.concat`, [
    chain(name, from, { branch1x1: pointwise(192) }),
    chain(name, from, {
      branch7x7_1: pointwise(narrow),
      branch7x7_2: row(narrow, 7),
      branch7x7_3: column(192, 7),
    }),
    chain(name, from, {
      branch7x7dbl_1: pointwise(narrow),
      branch7x7dbl_2: column(narrow, 7),
      branch7x7dbl_3: row(narrow, 7),
      branch7x7dbl_4: column(narrow, 7),
      branch7x7dbl_5: row(192, 7),
    }),
    pooledBranch(name, from, 192),
  ]);
}

function mixed7a(name: string, from: Values): Values {
  return concatenated(`${name}.concat`, [
    chain(name, from, { branch3x3_1: pointwise(192), branch3x3_2: halving(320) }),
    chain(name, from, {
      branch7x7x3_1: pointwise(192),
      branch7x7x3_2: row(192, 7),
      branch7x7x3_3: column(192, 7),
      branch7x7x3_4: halving(192),
    }),
    maxPooled(`${name}.pool`, from, 3, 2),
  ]);
}

/** Figure 7: 3x3 convolutions as a row beside a column. */
function mixed7(name: string, from: Values): Values {
  const beside = (short: string, values: Values) =>
    concatenated(`${name}.${short}.concat`, [
      unit(`${name}.${short}a`, values, row(384, 3)),
      unit(`${name}.${short}b`, values, column(384, 3)),
    ]);
  return concatenated(`${name}.concat`, [
    chain(name, from, { branch1x1: pointwise(320) }),
    beside('branch3x3_2', chain(name, from, { branch3x3_1: pointwise(384) })),
    beside('branch3x3dbl_3', chain(name, from, { branch3x3dbl_1: pointwise(448), branch3x3dbl_2: square(384) })),
    pooledBranch(name, from, 192),
  ]);
}
