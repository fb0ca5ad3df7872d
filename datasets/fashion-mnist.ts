/**
 * Fashion-MNIST: 70,000 grey images of clothing, from the four IDX files of its authors or of Debian's package.
 *
 * The published division stays: `train` and `validation` images are drawn from the 60,000 training
 * images, `test` images from the 10,000 test images, by class and by the seed.
 */
import { type DatasetFile, decodeIdx, defineDataset, drawPublished, readDataFile, UsageError } from 'attribench';

const SIDE = 28;
const CLASSES = [
  'T-shirt/top',
  'Trouser',
  'Pullover',
  'Dress',
  'Coat',
  'Sandal',
  'Shirt',
  'Sneaker',
  'Bag',
  'Ankle boot',
];
const SITE = 'http://fashion-mnist.s3-website.eu-central-1.amazonaws.com';
const DEBIAN = '/usr/share/datasets/fashion-mnist';

/** Debian repacks the files (gzip -n): other bytes, the same images. */
const published = (
  name: string,
  bytes: number,
  sha256: string,
  packaged: { readonly bytes: number; readonly sha256: string },
): DatasetFile => ({
  name,
  bytes,
  sha256,
  url: `${SITE}/${name}`,
  packaged: { package: 'dataset-fashion-mnist', path: `${DEBIAN}/${name}`, ...packaged },
});

const TRAIN_IMAGES = published(
  'train-images-idx3-ubyte.gz',
  26_421_880,
  '3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84',
  { bytes: 26_421_856, sha256: 'b0564c3eedabfbf835052cff8503ea422014ce006caf5b757f851416ee8300c7' },
);
const TRAIN_LABELS = published(
  'train-labels-idx1-ubyte.gz',
  29_515,
  'a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845',
  { bytes: 29_491, sha256: '0ae29f65d86684f32d1b9c85147786c547b9c6aebcaf235f0400a0cce308b056' },
);
const TEST_IMAGES = published(
  't10k-images-idx3-ubyte.gz',
  4_422_102,
  '346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073',
  { bytes: 4_422_079, sha256: 'cc1d090a38ace84dfa1aa66e3ada7c336ef481a96936906477e6dd344da56eaa' },
);
const TEST_LABELS = published(
  't10k-labels-idx1-ubyte.gz',
  5_148,
  '67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5',
  { bytes: 5_125, sha256: '8d3605d196f4be44669e46906da9733c8131fef761fdbfec72c424d5222f1a05' },
);

export default defineDataset({
  id: 'fashion-mnist',
  title: 'Fashion-MNIST',
  cite: 'Xiao, Rasul, Vollgraf, "Fashion-MNIST: a novel image dataset for benchmarking machine learning algorithms", arXiv 1708.07747, 2017',
  revision: 1,
  parameters: { train: 54_000, validation: 6_000, test: 10_000, seed: 0 },
  files: [TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS],
  async load({ folder, parameters, stream }) {
    const part = async (imageFile: DatasetFile, labelFile: DatasetFile) => {
      const images = decodeIdx(await readDataFile(folder, imageFile), imageFile.name, 3);
      const labels = decodeIdx(await readDataFile(folder, labelFile), labelFile.name, 1);
      const [count] = labels.shape;
      if (images.shape[0] !== count || images.shape[1] !== SIDE || images.shape[2] !== SIDE)
        throw new UsageError(
          `[attribench] IDX file ${imageFile.name}: holds images [${images.shape}], expected [${count},${SIDE},${SIDE}]`,
        );
      return { images: images.data, labels: labels.data };
    };
    const [train, test] = [await part(TRAIN_IMAGES, TRAIN_LABELS), await part(TEST_IMAGES, TEST_LABELS)];
    const shape = [SIDE, SIDE, 1] as const;
    return drawPublished({ shape, classes: CLASSES, train, test }, parameters, stream);
  },
});
