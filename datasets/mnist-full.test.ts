/** The real files are the user's to bring: the reading is tested on files of their format, the refusals on real paths. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test, vi } from 'vitest';
import { encodeIdx } from '../harness/formats/encode-idx.ts';
import mnistFull from './mnist-full.ts';
import { dataFolder, loadDataset, putFile, startWithoutFiles } from './testing/published-files.ts';

vi.mock('attribench', async (original) =>
  (await import('./testing/published-files.ts')).withSmallFiles(original<typeof import('attribench')>),
);
startWithoutFiles();

const load = () => loadDataset(mnistFull, { seed: 0 });

test('names the four published files by their published sizes', () => {
  expect(mnistFull.files?.map(({ name, bytes }) => [name, bytes])).toEqual([
    ['train-images-idx3-ubyte.gz', 9_912_422],
    ['train-labels-idx1-ubyte.gz', 28_881],
    ['t10k-images-idx3-ubyte.gz', 1_648_877],
    ['t10k-labels-idx1-ubyte.gz', 4_542],
  ]);
  for (const { sha256 } of mnistFull.files ?? []) expect(sha256).toMatch(/^[0-9a-f]{64}$/);
});

test('pools training and test files and keeps every label with its image', async () => {
  // Image i of label l is filled with 10 l + (i mod 10): the label can be read off the image.
  const filled = (labels: number[]) => labels.flatMap((label, i) => Array<number>(784).fill(10 * label + (i % 10)));
  const put = (prefix: string, labels: number[]) => {
    putFile(`${prefix}-images-idx3-ubyte.gz`, gzipSync(encodeIdx([labels.length, 28, 28], filled(labels))));
    putFile(`${prefix}-labels-idx1-ubyte.gz`, encodeIdx([labels.length], labels));
  };
  put(
    'train',
    Array.from({ length: 80 }, (_, i) => i % 10),
  );
  put(
    't10k',
    Array.from({ length: 20 }, (_, i) => (i * 3) % 10),
  );
  const { splits } = await load();
  expect([splits.train, splits.validation, splits.test].map(({ labels }) => labels.length)).toEqual([70, 10, 20]);
  for (const { images, labels } of Object.values(splits)) {
    labels.forEach((label, i) => {
      const image = [...images.subarray(i * 784, (i + 1) * 784)];
      expect(new Set(image).size).toBe(1);
      expect(Math.floor((image[0] ?? 0) / 10)).toBe(label);
    });
  }
});

test('without the files it says which one, from where and where to', async () => {
  await expect(load()).rejects.toThrow(
    `[attribench] ${join(dataFolder(), 'train-images-idx3-ubyte.gz')} is absent: put https://storage.googleapis.com/cvdf-datasets/mnist/train-images-idx3-ubyte.gz there`,
  );
});

test('a truncated file is refused', async () => {
  await writeFile(join(dataFolder(), 'train-images-idx3-ubyte.gz'), 'x');
  await expect(load()).rejects.toThrow('has 1 bytes, expected 9912422');
});
