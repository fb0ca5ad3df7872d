/**
 * All 70,000 MNIST digits, from the four published IDX files that the user brings (`attribench data` says where to).
 *
 * The published training and test images are pooled and split anew, 70 / 10 / 20 % by class with the
 * seed, as every data set here; so figures are not those of the official test set. A different id from
 * `mnist`: a file on disk never changes what an id means.
 */
import { type DatasetFile, decodeIdx, defineDataset, readDataFile, splitByClass } from 'attribench';

const MIRROR = 'https://storage.googleapis.com/cvdf-datasets/mnist';
const DIGITS = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'];

const published = (name: string, bytes: number, sha256: string): DatasetFile => ({
  name,
  bytes,
  sha256,
  url: `${MIRROR}/${name}`,
});

const TRAIN_IMAGES = published(
  'train-images-idx3-ubyte.gz',
  9_912_422,
  '440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609',
);
const TRAIN_LABELS = published(
  'train-labels-idx1-ubyte.gz',
  28_881,
  '3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c',
);
const TEST_IMAGES = published(
  't10k-images-idx3-ubyte.gz',
  1_648_877,
  '8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6',
);
const TEST_LABELS = published(
  't10k-labels-idx1-ubyte.gz',
  4_542,
  'f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6',
);

export default defineDataset({
  id: 'mnist-full',
  title: 'MNIST, all 70,000 digits',
  cite: 'LeCun, Cortes, Burges, The MNIST database of handwritten digits',
  revision: 1,
  parameters: { seed: 0 },
  files: [TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS],
  async load({ folder, stream }) {
    const read = async (file: DatasetFile, dimensions: number) =>
      decodeIdx(await readDataFile(folder, file), file.name, dimensions).data;
    const images = Buffer.concat([await read(TRAIN_IMAGES, 3), await read(TEST_IMAGES, 3)]);
    const labels = Buffer.concat([await read(TRAIN_LABELS, 1), await read(TEST_LABELS, 1)]);
    return splitByClass({ shape: [28, 28, 1], classes: DIGITS, images, labels }, stream);
  },
});
