/**
 * SVHN: 99,289 colour images of house-number digits, cropped to 32 x 32, from the two MATLAB files of its authors.
 *
 * The published division stays: `train` and `validation` images are drawn from the 73,257 training
 * images, `test` images from the 26,032 test images, each class in its proportion, by the seed. The
 * 531,131 easier `extra` images are left out, as in the paper.
 */
import { type DatasetFile, decodeMat, defineDataset, drawPublished, readDataFile, UsageError } from 'attribench';

const SIDE = 32;
const DIGITS = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'];
const SITE = 'http://ufldl.stanford.edu/housenumbers';

const TRAIN: DatasetFile = {
  name: 'train_32x32.mat',
  bytes: 182_040_794,
  sha256: '435e94d69a87fde4fd4d7f3dd208dfc32cb6ae8af2240d066de1df7508d083b8',
  url: `${SITE}/train_32x32.mat`,
};
const TEST: DatasetFile = {
  name: 'test_32x32.mat',
  bytes: 64_275_384,
  sha256: 'cdce80dfb2a2c4c6160906d0bd7c68ec5a99d7ca4831afa54f09182025b6a75b',
  url: `${SITE}/test_32x32.mat`,
};

export default defineDataset({
  id: 'svhn',
  title: 'SVHN, cropped digits',
  cite: 'Netzer, Wang, Coates, Bissacco, Wu, Ng, "Reading digits in natural images with unsupervised feature learning", NIPS workshop, 2011',
  revision: 1,
  parameters: { train: 65_932, validation: 7_325, test: 26_032, seed: 0 },
  files: [TRAIN, TEST],
  async load({ folder, parameters, stream, signal }) {
    const part = async (file: DatasetFile) => {
      signal.throwIfAborted();
      return decode(await readDataFile(folder, file), file.name);
    };
    const [train, test] = [await part(TRAIN), await part(TEST)];
    return drawPublished({ shape: [SIDE, SIDE, 3], classes: DIGITS, train, test }, parameters, stream);
  },
});

/** Labels and images [n, 32, 32, 3] of X [32, 32, 3, n] and y [n, 1], where the label 10 stands for the digit 0. */
function decode(bytes: Uint8Array, name: string) {
  const arrays = decodeMat(bytes, name, ['X', 'y']);
  const [X, y] = [arrays.get('X'), arrays.get('y')];
  const n = X?.shape[3] ?? 0;
  if (X === undefined || y === undefined || `${X.shape}` !== `${[SIDE, SIDE, 3, n]}` || y.data.length !== n)
    throw new UsageError(
      `[attribench] MATLAB file ${name}: X is [${X?.shape}] and y [${y?.shape}], expected [32,32,3,n] and [n,1]`,
    );
  const images = new Uint8Array(X.data.length);
  let to = 0;
  // The file's first dimension is the row, and runs fastest.
  for (let i = 0; i < n; i++) {
    for (let row = 0; row < SIDE; row++) {
      for (let column = 0; column < SIDE; column++) {
        for (let channel = 0; channel < 3; channel++)
          images[to++] = X.data[row + SIDE * (column + SIDE * (channel + 3 * i))] as number;
      }
    }
  }
  return { images, labels: y.data.map((label) => (label === 10 ? 0 : label === 0 ? 10 : label)) };
}
