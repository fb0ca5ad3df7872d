/**
 * CIFAR-10: 60,000 colour images of ten classes, read straight from the binary archive of its authors.
 *
 * The published division stays: `train` and `validation` images are drawn from the 50,000 training
 * images, `test` images from the 10,000 test images, by class and by the seed.
 */
import { type DatasetFile, defineDataset, drawPublished, readTarGz, UsageError, verifiedDataFile } from 'attribench';

const CLASSES = ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'];
const SIDE = 32;
const PLANE = SIDE * SIDE;
/** One byte of label, then the red, the green and the blue plane. */
const RECORD = 1 + 3 * PLANE;
const BATCH_BYTES = 10_000 * RECORD;
const TRAIN = [1, 2, 3, 4, 5].map((batch) => `cifar-10-batches-bin/data_batch_${batch}.bin`);
const TEST = 'cifar-10-batches-bin/test_batch.bin';

const ARCHIVE: DatasetFile = {
  name: 'cifar-10-binary.tar.gz',
  bytes: 170_052_171,
  sha256: 'c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd',
  url: 'https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz',
};

export default defineDataset({
  id: 'cifar-10',
  title: 'CIFAR-10',
  cite: 'Krizhevsky, "Learning multiple layers of features from tiny images", technical report, University of Toronto, 2009',
  revision: 1,
  parameters: { train: 45_000, validation: 5_000, test: 10_000, seed: 0 },
  files: [ARCHIVE],
  async load({ folder, parameters, stream, signal }) {
    const path = await verifiedDataFile(folder, ARCHIVE);
    const members = await readTarGz(path, new Map([...TRAIN, TEST].map((name) => [name, BATCH_BYTES])), signal);
    const shape = [SIDE, SIDE, 3] as const;
    const part = (names: readonly string[]) => decode(names, members);
    return drawPublished({ shape, classes: CLASSES, train: part(TRAIN), test: part([TEST]) }, parameters, stream);
  },
});

/** Labels and images [n, 32, 32, 3] of some batches; errors: UsageError where one is not whole records. */
function decode(names: readonly string[], members: ReadonlyMap<string, Uint8Array>) {
  const batches = names.map((name) => {
    const bytes = members.get(name) ?? new Uint8Array();
    if (bytes.length === 0 || bytes.length % RECORD !== 0)
      throw new UsageError(`[attribench] ${name} has ${bytes.length} bytes, expected records of ${RECORD}`);
    return bytes;
  });
  const records = Buffer.concat(batches);
  const n = records.length / RECORD;
  const labels = Uint8Array.from({ length: n }, (_, i) => records[i * RECORD] ?? 0);
  const images = new Uint8Array(n * 3 * PLANE);
  for (let i = 0; i < n; i++) {
    for (let channel = 0; channel < 3; channel++) {
      const from = i * RECORD + 1 + channel * PLANE;
      for (let pixel = 0, to = i * 3 * PLANE + channel; pixel < PLANE; pixel++, to += 3)
        images[to] = records[from + pixel] as number;
    }
  }
  return { images, labels };
}
